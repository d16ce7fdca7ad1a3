// Writes tests/wire as seed files: one byte for version and sender as packet_fuzz.cc reads it, then
// the packet.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "wire/corpus.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: ringmq_write_seeds FOLDER\n");
    return 1;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  for (const ringmq::wire::WirePacket& packet : ringmq::wire::LoadCorpus()) {
    std::string name = packet.name;
    std::ranges::replace(name, '/', '_');
    for (const ringmq::ProtocolVersion version : ringmq::wire::kVersions) {
      const int number = static_cast<int>(version);
      const bool from_server = packet.sender == ringmq::codec::Peer::kServer;
      std::ofstream file(folder / (name + "_v" + std::to_string(number)), std::ios::binary);
      file.put(static_cast<char>((number - 3) | (from_server ? 4 : 0)));
      file.write(reinterpret_cast<const char*>(packet.bytes.data()),
                 static_cast<std::streamsize>(packet.bytes.size()));
      if (!file) return 1;
    }
  }
  return 0;
}
