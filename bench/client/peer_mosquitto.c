/* libmosquitto, for bench/client/compare: one thread that calls mosquitto_loop().
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <mosquitto.h>

#include "peer.h"

struct State {
  struct PeerPlan plan;
  int connected;
  long sent;
  long done; /* Published to the end, or received. */
  double begin;
};

static void OnConnect(struct mosquitto* client, void* context, int code) {
  struct State* const state = context;
  (void)client;
  if (code != 0) PeerFail("CONNACK", code);
  state->connected = 1;
}

static void OnPublish(struct mosquitto* client, void* context, int id) {
  (void)client;
  (void)id;
  ++((struct State*)context)->done;
}

static void OnSubscribe(struct mosquitto* client, void* context, int id, int count,
                        const int* granted) {
  (void)client;
  (void)context;
  (void)id;
  (void)count;
  (void)granted;
  PeerSayReady();
}

static void OnMessage(struct mosquitto* client, void* context,
                      const struct mosquitto_message* message) {
  struct State* const state = context;
  (void)client;
  if (message->payloadlen != PEER_PAYLOAD_BYTES) PeerFail("payload", message->payloadlen);
  if (state->done++ == 0) state->begin = PeerCpuSeconds();
}

static void Check(const char* what, int code) {
  if (code != MOSQ_ERR_SUCCESS) PeerFail(what, code);
}

static void Turn(struct mosquitto* client) { Check("loop", mosquitto_loop(client, 10000, 1)); }

static void Publish(struct State* state, struct mosquitto* client) {
  char payload[PEER_PAYLOAD_BYTES];
  memset(payload, 'x', sizeof(payload));
  state->begin = PeerCpuSeconds();
  while (state->done < state->plan.count) {
    for (; state->sent < state->plan.count && state->sent - state->done < state->plan.window;
         ++state->sent) {
      Check("publish", mosquitto_publish(client, NULL, PEER_TOPIC, sizeof(payload), payload,
                                         state->plan.qos, false));
    }
    if (state->done < state->plan.count) Turn(client);
  }
}

int main(int argc, char** argv) {
  struct State state;
  struct mosquitto* client;
  memset(&state, 0, sizeof(state));
  state.plan = PeerPlanOf(argc, argv);
  mosquitto_lib_init();
  client = mosquitto_new(NULL, true, &state);
  mosquitto_connect_callback_set(client, OnConnect);
  mosquitto_publish_callback_set(client, OnPublish);
  mosquitto_subscribe_callback_set(client, OnSubscribe);
  mosquitto_message_callback_set(client, OnMessage);
  Check("window", mosquitto_max_inflight_messages_set(client, (unsigned)state.plan.window));
  Check("no delay", mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1));
  Check("connect", mosquitto_connect(client, "127.0.0.1", state.plan.port, 60));
  while (!state.connected) Turn(client);
  if (state.plan.publishes) {
    Publish(&state, client);
  } else {
    Check("subscribe", mosquitto_subscribe(client, NULL, PEER_TOPIC, state.plan.qos));
    while (state.done < state.plan.count) Turn(client);
  }
  PeerSaySpent(state.begin);
  mosquitto_disconnect(client);
  mosquitto_destroy(client);
  mosquitto_lib_cleanup();
  return 0;
}
