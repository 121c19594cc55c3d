// A viewer handles the messages of its relay.

import { pairing } from "relayspec";

export function listen(socket: WebSocket): void {
  socket.addEventListener("message", ({ data }) => {
    const message: unknown = JSON.parse(data);
    if (!pairing.isRelayToViewer(message)) return; // invalid: the relay violates a requirement
    switch (message.type) {
      case "joined":
        return console.log(message.sessionId);
      case "data":
        return console.log(message.payload);
      case "error":
        return console.log(message.code, message.message);
    }
  });
}
