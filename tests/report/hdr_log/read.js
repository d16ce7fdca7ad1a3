// Reads an HdrHistogram log with a library that shares nothing with ours, and prints as JSON what
// it finds for each tag, all its intervals together.
//
//   node read.js run.hlog
//
// SPDX-License-Identifier: Apache-2.0
'use strict';
const fs = require('fs');
const hdr = require('hdr-histogram-js');

const reader = new hdr.HistogramLogReader(fs.readFileSync(process.argv[2], 'utf8'), 64);
const wholes = {};
for (let each = reader.nextIntervalHistogram(); each; each = reader.nextIntervalHistogram()) {
  const whole = wholes[each.tag] ??= each;
  if (whole === each) continue;
  whole.add(each);
  whole.endTimeStampMsec = each.endTimeStampMsec;
}
const found = {};
for (const each of Object.values(wholes)) {
  const percentiles = {};
  for (const p of [50, 75, 90, 95, 99, 99.9, 99.99, 99.999]) {
    percentiles[`p${p}`] = each.getValueAtPercentile(p);
  }
  const buckets = [];
  const iterator = each.recordedValuesIterator;
  for (iterator.reset(); iterator.hasNext();) {
    const bucket = iterator.next();
    buckets.push([bucket.valueIteratedTo, bucket.countAddedInThisIterationStep]);
  }
  found[each.tag] = {
    samples: each.totalCount,
    min_ns: each.minNonZeroValue,
    mean_ns: each.mean,
    max_ns: each.maxValue,
    start_ms: each.startTimeStampMsec,
    end_ms: each.endTimeStampMsec,
    percentiles,
    buckets,
  };
}
process.stdout.write(JSON.stringify(found));
