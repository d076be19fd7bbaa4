//! Several units behind one TCP address. One connection is answered in its order, as most real
//! devices do it; a second one is served beside it.

use crate::station::Station;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weir_wire::modbus::Mbap;

/// Bytes before the PDU's data: the header and the function code.
const DATA_AT: usize = 8;

/// Accepts connections until it is told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    station: Arc<Station>,
    tasks: TaskTracker,
    close: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = close.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (station, close) = (station.clone(), close.clone());
                tasks.spawn(async move {
                    tokio::select! {
                        () = close.cancelled() => {}
                        end = converse(stream, &station) => match end {
                            Ok(()) => tracing::debug!(%peer, "Modbus client left"),
                            Err(error) => tracing::debug!(%peer, %error, "Modbus client lost"),
                        },
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a Modbus connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Answers one client until it leaves, or sends what is no Modbus.
async fn converse(mut stream: TcpStream, station: &Station) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    loop {
        let parsed = Mbap::parse(&bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?
            .map(|frame| (frame.header, frame.pdu.to_vec(), frame.used));
        let Some((header, pdu, used)) = parsed else {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            continue;
        };
        bytes.drain(..used);
        let Some(reply) = station.answer(header.unit, &pdu) else { continue };
        tokio::time::sleep(reply.delay).await;
        let mut frame = header.emit(&reply.pdu);
        if let Some(corruption) = reply.corruption {
            corruption.spoil(&mut frame, DATA_AT);
        }
        stream.write_all(&frame).await?;
    }
}
