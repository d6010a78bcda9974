//! A client and a server in one thread, without a socket: what one transmits, the other is handed.

use fio_proto::ServerVersion;
use fio_proto::message::{ClientMessage, ProbeReply, ServerMessage, Start};
use fio_proto::session::{
    ClientConfig, ClientSession, Instant, Output, ServerConfig, ServerEvent, ServerSession,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Instant::ZERO;
    let mut client = ClientSession::new(ClientConfig::default().version(ServerVersion::V1), now);
    let mut server = ServerSession::new(ServerConfig::new(ProbeReply::new("storage1")), now);
    client.send(now, &ClientMessage::job("[quick]\nrw=randread\nsize=1g\n"))?;
    client.run(now)?;
    while client.remaining() > 0 {
        match client.poll_output() {
            Output::Event(event) => println!("client: {event:?}"),
            Output::Transmit(bytes) => {
                let sent = bytes.len();
                server.handle_bytes(now, bytes);
                client.transmitted(now, sent);
            }
            Output::Timeout(_) | Output::Close => {}
        }
        match server.poll_output() {
            Output::Event(ServerEvent::Job(text)) => {
                println!("server: runs {text:?}");
                server.send(now, &ServerMessage::Start(Start::default()))?;
                server.send(now, &ServerMessage::text("Starting 1 thread\n"))?;
                server.send(now, &ServerMessage::Quit)?;
            }
            Output::Event(event) => println!("server: {event:?}"),
            Output::Transmit(bytes) => {
                let sent = bytes.len();
                client.handle_bytes(now, bytes);
                server.transmitted(now, sent);
            }
            Output::Timeout(_) | Output::Close => {}
        }
    }
    Ok(())
}
