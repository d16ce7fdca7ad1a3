/* Eclipse Paho's asynchronous C library, for bench/client/compare: its own threads do the work, this
 * one waits for room.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <MQTTAsync.h>
#include <pthread.h>

#include "peer.h"

struct State {
  struct PeerPlan plan;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int connected; /* Those below are guarded by the mutex. */
  int subscribed;
  long done; /* Published to the end, or received. */
  double begin;
};

static void Note(struct State* state, int* what) {
  pthread_mutex_lock(&state->mutex);
  *what = 1;
  pthread_cond_signal(&state->changed);
  pthread_mutex_unlock(&state->mutex);
}

static void Await(struct State* state, const int* what) {
  pthread_mutex_lock(&state->mutex);
  while (!*what) pthread_cond_wait(&state->changed, &state->mutex);
  pthread_mutex_unlock(&state->mutex);
}

static void OnConnected(void* context, MQTTAsync_successData* data) {
  struct State* const state = context;
  (void)data;
  Note(state, &state->connected);
}

static void OnSubscribed(void* context, MQTTAsync_successData* data) {
  struct State* const state = context;
  (void)data;
  Note(state, &state->subscribed);
}

static void OnFailure(void* context, MQTTAsync_failureData* data) {
  (void)context;
  PeerFail("failure", data != NULL ? data->code : 0);
}

static void CountOne(struct State* state) {
  pthread_mutex_lock(&state->mutex);
  if (state->done++ == 0 && !state->plan.publishes) state->begin = PeerCpuSeconds();
  pthread_cond_signal(&state->changed);
  pthread_mutex_unlock(&state->mutex);
}

static void OnSent(void* context, MQTTAsync_successData* data) {
  (void)data;
  CountOne(context);
}

static int OnMessage(void* context, char* topic, int topic_bytes, MQTTAsync_message* message) {
  (void)topic_bytes;
  if (message->payloadlen != PEER_PAYLOAD_BYTES) PeerFail("payload", message->payloadlen);
  CountOne(context);
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  return 1;
}

static void Check(const char* what, int code) {
  if (code != MQTTASYNC_SUCCESS) PeerFail(what, code);
}

/* Until all but `most` of what was sent is done. */
static void AwaitDone(struct State* state, long sent, long most) {
  pthread_mutex_lock(&state->mutex);
  while (sent - state->done > most) pthread_cond_wait(&state->changed, &state->mutex);
  pthread_mutex_unlock(&state->mutex);
}

static void Publish(struct State* state, MQTTAsync client) {
  char payload[PEER_PAYLOAD_BYTES];
  long sent;
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  memset(payload, 'x', sizeof(payload));
  options.onSuccess = OnSent;
  options.onFailure = OnFailure;
  options.context = state;
  state->begin = PeerCpuSeconds();
  for (sent = 0; sent < state->plan.count; ++sent) {
    AwaitDone(state, sent, state->plan.window - 1);
    Check("send", MQTTAsync_send(client, PEER_TOPIC, sizeof(payload), payload, state->plan.qos, 0,
                                 &options));
  }
  AwaitDone(state, sent, 0);
}

static void Receive(struct State* state, MQTTAsync client) {
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  options.onSuccess = OnSubscribed;
  options.onFailure = OnFailure;
  options.context = state;
  Check("subscribe", MQTTAsync_subscribe(client, PEER_TOPIC, state->plan.qos, &options));
  Await(state, &state->subscribed);
  PeerSayReady();
  AwaitDone(state, state->plan.count, 0);
}

int main(int argc, char** argv) {
  struct State state;
  char url[64];
  MQTTAsync client;
  MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer;
  memset(&state, 0, sizeof(state));
  state.plan = PeerPlanOf(argc, argv);
  pthread_mutex_init(&state.mutex, NULL);
  pthread_cond_init(&state.changed, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", state.plan.port);
  Check("create", MQTTAsync_create(&client, url, "", MQTTCLIENT_PERSISTENCE_NONE, NULL));
  Check("callbacks", MQTTAsync_setCallbacks(client, &state, NULL, OnMessage, NULL));
  connect.cleansession = 1;
  connect.maxInflight = (int)state.plan.window;
  connect.onSuccess = OnConnected;
  connect.onFailure = OnFailure;
  connect.context = &state;
  Check("connect", MQTTAsync_connect(client, &connect));
  Await(&state, &state.connected);
  (state.plan.publishes ? Publish : Receive)(&state, client);
  PeerSaySpent(state.begin);
  MQTTAsync_destroy(&client);
  return 0;
}
