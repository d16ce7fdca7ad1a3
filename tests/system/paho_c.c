/* paho's C client against the broker: subscribes, publishes a few messages, receives them in order.
 * Few, because this client waits 100 ms after each publication above QoS 0, whatever the broker.
 *   paho_c URL 3|5 QOS
 * SPDX-License-Identifier: Apache-2.0 */
#include <MQTTClient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMessages = 10 };

static void Check(int rc, const char* what) {
  if (rc == MQTTCLIENT_SUCCESS) return;
  fprintf(stderr, "%s: %d\n", what, rc);
  exit(1);
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int version = atoi(argv[2]);
  const int qos = atoi(argv[3]);
  MQTTClient client;
  MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
  create.MQTTVersion = version == 5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
  Check(MQTTClient_createWithOptions(&client, argv[1], "paho-c", MQTTCLIENT_PERSISTENCE_NONE, NULL,
                                     &create),
        "create");
  char topic[64];
  snprintf(topic, sizeof(topic), "paho-c/%d/%d", version, qos);
  if (version == 5) {
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer5;
    MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
    Check(response.reasonCode, "connect");
    response = MQTTClient_subscribe5(client, topic, qos, NULL, NULL);
    if ((int)response.reasonCode != qos) Check(response.reasonCode, "subscribe");
  } else {
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    Check(MQTTClient_connect(client, &options), "connect");
    Check(MQTTClient_subscribe(client, topic, qos), "subscribe");
  }
  for (int i = 0; i < kMessages; ++i) {
    char payload[16];
    const int size = snprintf(payload, sizeof(payload), "%d", i);
    if (version == 5) {
      MQTTResponse response =
          MQTTClient_publish5(client, topic, size, payload, qos, 0, NULL, NULL);
      Check(response.reasonCode, "publish");
    } else {
      Check(MQTTClient_publish(client, topic, size, payload, qos, 0, NULL), "publish");
    }
  }
  for (int i = 0; i < kMessages; ++i) {
    char* name = NULL;
    int name_size = 0;
    MQTTClient_message* message = NULL;
    Check(MQTTClient_receive(client, &name, &name_size, &message, 10000), "receive");
    if (message == NULL) {
      fprintf(stderr, "message %d did not come\n", i);
      return 1;
    }
    char text[16] = {0};
    memcpy(text, message->payload, (size_t)message->payloadlen < 15 ? (size_t)message->payloadlen : 15);
    if (atoi(text) != i || message->qos != qos) {
      fprintf(stderr, "wanted %d, got '%s' at QoS %d\n", i, text, message->qos);
      return 1;
    }
    MQTTClient_freeMessage(&message);
    MQTTClient_free(name);
  }
  if (version == 5) {
    Check(MQTTClient_disconnect5(client, 1000, MQTTREASONCODE_SUCCESS, NULL), "disconnect");
  } else {
    Check(MQTTClient_disconnect(client, 1000), "disconnect");
  }
  MQTTClient_destroy(&client);
  return 0;
}
