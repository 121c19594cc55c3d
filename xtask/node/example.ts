// What a viewer does with what its relay says.

import { pairing } from "relayspec";

export function listen(socket: WebSocket): void {
  socket.addEventListener("message", ({ data }) => {
    const message: unknown = JSON.parse(data);
    if (!pairing.isRelayToViewer(message)) return; // no message: the relay breaks a requirement
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
