/* paho's asynchronous C client against the broker: everything happens in its callbacks, on its own
 * thread. Subscribes, publishes 200 messages at once, receives them in order, then disconnects.
 *   paho_c_async URL 3|5 QOS
 * SPDX-License-Identifier: Apache-2.0 */
#include <MQTTAsync.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kMessages = 200, kPatienceS = 20 };

/* What the main thread waits for. Guarded by `lock`. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int received = 0;
static int delivered = 0;
static int gone = 0;

static MQTTAsync client;
static char topic[64];
static int version;
static int qos;

static void Fail(const char* what, int code) {
  fprintf(stderr, "%s: %d\n", what, code);
  exit(1);
}

static void Check(int rc, const char* what) {
  if (rc != MQTTASYNC_SUCCESS) Fail(what, rc);
}

static void Count(int* counter) {
  pthread_mutex_lock(&lock);
  ++*counter;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&lock);
}

static void Await(const int* counter, int wanted, const char* what) {
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += kPatienceS;
  pthread_mutex_lock(&lock);
  while (*counter < wanted) {
    if (pthread_cond_timedwait(&changed, &lock, &deadline) != 0) Fail(what, *counter);
  }
  pthread_mutex_unlock(&lock);
}

static void OnFailure(void* what, MQTTAsync_failureData* data) {
  Fail(what, data == NULL ? -1 : data->code);
}

static void OnFailure5(void* what, MQTTAsync_failureData5* data) {
  Fail(what, data == NULL ? -1 : (int)data->reasonCode);
}

static MQTTAsync_responseOptions Respond(const char* what) {
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  options.context = (void*)what;
  if (version == 5) {
    options.onFailure5 = OnFailure5;
  } else {
    options.onFailure = OnFailure;
  }
  return options;
}

static void PublishAll(void) {
  for (int i = 0; i < kMessages; ++i) {
    char payload[16];
    const int size = snprintf(payload, sizeof(payload), "%d", i);
    MQTTAsync_responseOptions options = Respond("publish");
    Check(MQTTAsync_send(client, topic, size, payload, qos, 0, &options), "send");
  }
}

static void OnSubscribed(void* context, MQTTAsync_successData* data) {
  if (data->alt.qos != qos) Fail("granted QoS", data->alt.qos);
  (void)context;
  PublishAll();
}

static void OnSubscribed5(void* context, MQTTAsync_successData5* data) {
  if ((int)data->reasonCode != qos) Fail("granted QoS", (int)data->reasonCode);
  (void)context;
  PublishAll();
}

static void Subscribe(void) {
  MQTTAsync_responseOptions options = Respond("subscribe");
  if (version == 5) {
    options.onSuccess5 = OnSubscribed5;
  } else {
    options.onSuccess = OnSubscribed;
  }
  Check(MQTTAsync_subscribe(client, topic, qos, &options), "subscribe");
}

static void OnConnected(void* context, MQTTAsync_successData* data) {
  (void)context;
  (void)data;
  Subscribe();
}

static void OnConnected5(void* context, MQTTAsync_successData5* data) {
  (void)context;
  (void)data;
  Subscribe();
}

static int OnMessage(void* context, char* name, int name_size, MQTTAsync_message* message) {
  (void)context;
  (void)name_size;
  char text[16] = {0};
  memcpy(text, message->payload, message->payloadlen < 15 ? (size_t)message->payloadlen : 15);
  /* `received` changes on this thread only. */
  if (atoi(text) != received || message->qos != qos || message->dup) Fail("order", received);
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(name);
  Count(&received);
  return 1;
}

static void OnDelivered(void* context, MQTTAsync_token token) {
  (void)context;
  (void)token;
  Count(&delivered);
}

static void OnLost(void* context, char* cause) {
  (void)context;
  Fail(cause == NULL ? "connection lost" : cause, -1);
}

static void OnDisconnected(void* context, MQTTAsync_successData* data) {
  (void)context;
  (void)data;
  Count(&gone);
}

static void OnDisconnected5(void* context, MQTTAsync_successData5* data) {
  (void)context;
  (void)data;
  Count(&gone);
}

static void Connect(void) {
  MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
  MQTTAsync_connectOptions options5 = MQTTAsync_connectOptions_initializer5;
  options5.onSuccess5 = OnConnected5;
  options5.onFailure5 = OnFailure5;
  options.onSuccess = OnConnected;
  options.onFailure = OnFailure;
  /* With a full window this client sleeps a second before it looks again, whatever the broker. */
  options.maxInflight = options5.maxInflight = kMessages;
  options.context = options5.context = "connect";
  Check(MQTTAsync_connect(client, version == 5 ? &options5 : &options), "connect");
}

static void Disconnect(void) {
  MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
  MQTTAsync_disconnectOptions options5 = MQTTAsync_disconnectOptions_initializer5;
  options.onSuccess = OnDisconnected;
  options5.onSuccess5 = OnDisconnected5;
  Check(MQTTAsync_disconnect(client, version == 5 ? &options5 : &options), "disconnect");
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  version = atoi(argv[2]);
  qos = atoi(argv[3]);
  snprintf(topic, sizeof(topic), "paho-c-async/%d/%d", version, qos);
  MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
  create.MQTTVersion = version == 5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
  create.maxBufferedMessages = kMessages;
  Check(MQTTAsync_createWithOptions(&client, argv[1], "paho-c-async", MQTTCLIENT_PERSISTENCE_NONE,
                                    NULL, &create),
        "create");
  Check(MQTTAsync_setCallbacks(client, NULL, OnLost, OnMessage, OnDelivered), "callbacks");
  Connect();
  Await(&received, kMessages, "messages received");
  if (qos > 0) Await(&delivered, kMessages, "messages acknowledged");
  Disconnect();
  Await(&gone, 1, "disconnected");
  MQTTAsync_destroy(&client);
  return 0;
}
