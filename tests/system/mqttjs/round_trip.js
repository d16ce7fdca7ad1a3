// mqtt.js against the broker: QoS 0, 1 and 2, retained, a will, and in 5.0 properties.
//   node round_trip.js PORT|URL 4|5
// SPDX-License-Identifier: Apache-2.0
const mqtt = require('mqtt');

const [where, versionText] = process.argv.slice(2);
const version = Number(versionText);
const url = where.includes(":") ? where : `mqtt://127.0.0.1:${where}`;
const options = { protocolVersion: version, reconnectPeriod: 0 };

function next(client, topic) {
  return new Promise((resolve) => client.on('message', function listen(name, payload, packet) {
    if (name !== topic) return;
    client.removeListener('message', listen);
    resolve({ payload: payload.toString(), packet });
  }));
}

function check(condition, what) {
  if (!condition) throw new Error(what);
}

async function main() {
  const reader = await mqtt.connectAsync(url, options);
  const writer = await mqtt.connectAsync(url, options);
  for (const qos of [0, 1, 2]) {
    const topic = `js/${version}/${qos}`;
    await reader.subscribeAsync(topic, { qos });
    const properties = version === 5 ? { userProperties: { a: 'b' }, contentType: 'text' } : undefined;
    const coming = next(reader, topic);
    await writer.publishAsync(topic, `hello ${qos}`, { qos, properties });
    const { payload, packet } = await coming;
    check(payload === `hello ${qos}` && packet.qos === qos, `QoS ${qos}: ${payload}`);
    if (version === 5) check(packet.properties.userProperties.a === 'b', 'user property');
  }
  await writer.publishAsync(`js/${version}/kept`, 'kept', { qos: 1, retain: true });
  const kept = next(reader, `js/${version}/kept`);
  await reader.subscribeAsync(`js/${version}/kept`);
  check((await kept).packet.retain === true, 'retained');
  const doomed = await mqtt.connectAsync(url, { ...options, will: { topic: `js/${version}/will`, payload: 'gone', qos: 1 } });
  await reader.subscribeAsync(`js/${version}/will`);
  const will = next(reader, `js/${version}/will`);
  doomed.stream.destroy();
  check((await will).payload === 'gone', 'will');
  await reader.endAsync();
  await writer.endAsync();
}

const limit = setTimeout(() => { console.error('timeout'); process.exit(1); }, 20000);
main().then(() => { clearTimeout(limit); process.exit(0); }, (error) => { console.error(error); process.exit(1); });
