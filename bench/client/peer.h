/* What the programs that compare client libraries have in common: their arguments, the processor
 * time they spent, and how they say it. C, for two of the three are.
 *
 *     PROGRAM pub|sub PORT QOS COUNT WINDOW
 *
 * pub publishes COUNT messages, at most WINDOW of them unfinished; sub says "ready" once it is
 * subscribed and receives COUNT. Both then print the CPU seconds (user and system, all threads of
 * the process) from the first message to the last. MQTT 3.1.1, one topic, 100 bytes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PEER_TOPIC "bench/client"
#define PEER_PAYLOAD_BYTES 100

struct PeerPlan {
  int publishes;
  int port;
  int qos;
  long count;
  long window;
};

static inline struct PeerPlan PeerPlanOf(int argc, char** argv) {
  struct PeerPlan plan;
  if (argc != 6 || (strcmp(argv[1], "pub") != 0 && strcmp(argv[1], "sub") != 0)) {
    fprintf(stderr, "usage: %s pub|sub PORT QOS COUNT WINDOW\n", argv[0]);
    exit(2);
  }
  plan.publishes = strcmp(argv[1], "pub") == 0;
  plan.port = atoi(argv[2]);
  plan.qos = atoi(argv[3]);
  plan.count = atol(argv[4]);
  plan.window = atol(argv[5]);
  if (plan.port <= 0 || plan.qos < 0 || plan.qos > 2 || plan.count <= 0 || plan.window <= 0) {
    fprintf(stderr, "%s: a port, QoS 0 to 2, and numbers above zero\n", argv[0]);
    exit(2);
  }
  return plan;
}

static inline double PeerCpuSeconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
         ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) / 1e6;
}

static inline void PeerSayReady(void) {
  puts("ready");
  fflush(stdout);
}

static inline void PeerSaySpent(double since) { printf("%.6f\n", PeerCpuSeconds() - since); }

static inline int PeerFail(const char* what, int code) {
  fprintf(stderr, "%s: %d\n", what, code);
  exit(1);
}
