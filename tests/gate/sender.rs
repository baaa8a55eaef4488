//! A client that signs, and the demo's origin, which verifies.

use crate::{harness::Over, harness::Running, message, message::Answer};
use http::{HeaderMap, HeaderName, HeaderValue};
use obsgate::{
    demo::{
        Access, Credentials, Origin,
        signature::{Signable, v2, v4},
    },
    obs::dialect::Dialect,
};
use std::{net::SocketAddr, sync::mpsc, thread, time::SystemTime};
use time::OffsetDateTime;
use tokio::{net::TcpListener, runtime, sync::oneshot};

/// The demo's origin with a bucket `mine`, on a thread of its own.
pub(crate) struct DemoOrigin {
    pub(crate) origin: Origin,
    pub(crate) address: SocketAddr,
    credentials: Credentials,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    V2(Dialect),
    V4,
    V2Presigned(Dialect),
    V4Presigned,
}

impl Sign {
    pub(crate) const ALL: [Self; 6] = [
        Self::V2(Dialect::Obs),
        Self::V2(Dialect::Amz),
        Self::V4,
        Self::V2Presigned(Dialect::Obs),
        Self::V2Presigned(Dialect::Amz),
        Self::V4Presigned,
    ];

    pub(crate) const fn is_v4(self) -> bool {
        matches!(self, Self::V4 | Self::V4Presigned)
    }
}

impl DemoOrigin {
    pub(crate) fn start() -> Self {
        let credentials = Credentials::new("AKIDSAMPLE", "demo-secret");
        let origin =
            Origin::new(credentials.clone(), [crate::harness::DOMAIN]).with_bucket("mine", Access::Private);
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let served = origin.clone();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    _ = served.serve(listener) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            origin,
            address: told.recv().unwrap(),
            credentials,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Sends a signed request through the gate and reads the answer.
    pub(crate) fn ask(
        &self,
        gate: &Running,
        over: Over,
        sign: Sign,
        line: (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        gate.ask(over, self.signed(sign, line, headers, body))
    }

    /// A signed request to a target, path style.
    pub(crate) fn signed(
        &self,
        sign: Sign,
        (method, target): (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            );
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let now = OffsetDateTime::now_utc();
        let expires = now.unix_timestamp().unsigned_abs() + 3600;
        let signable = |map| Signable {
            method,
            host: crate::harness::DOMAIN,
            bucket: None,
            path,
            query,
            headers: map,
        };
        let mut target = target.to_owned();
        let authorization = match sign {
            Sign::V2(dialect) => {
                let date = httpdate::fmt_http_date(SystemTime::now());
                map.insert("date", HeaderValue::try_from(date).unwrap());
                Some(v2::authorization(&self.credentials, dialect, &signable(&map)))
            }
            Sign::V4 => {
                map.insert("x-amz-date", HeaderValue::try_from(v4::timestamp(now)).unwrap());
                map.insert(
                    "x-amz-content-sha256",
                    HeaderValue::from_static(v4::UNSIGNED_PAYLOAD),
                );
                Some(v4::authorization(&self.credentials, v4::REGION, &signable(&map)))
            }
            Sign::V2Presigned(dialect) => {
                let query = v2::presign(&self.credentials, dialect, &signable(&map), expires);
                target = format!("{path}?{query}");
                None
            }
            Sign::V4Presigned => {
                let query = v4::presign(&self.credentials, v4::REGION, &signable(&map), now, 3600);
                target = format!("{path}?{query}");
                None
            }
        };
        let mut lines: Vec<String> = map
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.extend(authorization.map(|value| format!("Authorization: {value}")));
        if method != "GET" && method != "HEAD" {
            lines.push(format!("Content-Length: {}", body.len()));
        }
        message::request(&format!("{method} {target}"), &lines, body)
    }
}

impl Drop for DemoOrigin {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking());
    }
}
