//! A client that signs, and the demo's origin, which verifies.

use crate::{
    harness::{DOMAIN, Over, Running, Setup},
    message::{Answer, Ask, ask},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use obsgate::{
    config::StateSettings,
    demo::{
        Access, Credentials, Origin,
        signature::{Signable, v2, v4},
    },
    obs::dialect::Dialect,
};
use std::{net::SocketAddr, path::PathBuf, sync::mpsc, thread, time::SystemTime};
use time::OffsetDateTime;
use tokio::{net::TcpListener, runtime, sync::oneshot};

/// The demo's origin, in which anybody may write to the bucket `mine`, and a gate before it.
pub(crate) struct Demo {
    pub(crate) gate: Running,
    pub(crate) origin: Origin,
    pub(crate) credentials: Credentials,
    store: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Not,
    V2(Dialect),
    V4,
    V2Presigned(Dialect),
    V4Presigned,
}

impl Sign {
    pub(crate) const ALL: [Self; 7] = [
        Self::Not,
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

    /// The dialect its headers are spelled in.
    pub(crate) const fn dialect(self) -> &'static str {
        match self {
            Self::Not | Self::V2(Dialect::Obs) | Self::V2Presigned(Dialect::Obs) => "obs",
            Self::V2(Dialect::Amz) | Self::V2Presigned(Dialect::Amz) | Self::V4 | Self::V4Presigned => "amz",
        }
    }
}

impl Demo {
    pub(crate) fn start(setup: Setup) -> Self {
        let credentials = Credentials::new("AKIDSAMPLE", "demo-secret");
        let origin = Origin::new(credentials.clone(), [DOMAIN]).with_bucket("mine", Access::PublicReadWrite);
        let (tell, told) = mpsc::channel::<SocketAddr>();
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
        let store = told.recv().unwrap();
        Self {
            gate: setup.before(store),
            origin,
            credentials,
            store,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Stops the gate and starts another before the same origin, with what a state file holds.
    pub(crate) fn restart(&mut self, file: PathBuf) {
        // The one before has to let go of the file first.
        self.gate = Setup::strict().before(self.store);
        let state = StateSettings::default().with_file(file);
        let started = Setup::strict().start(self.store, |config| config.with_state(state));
        self.gate = started.unwrap();
    }

    /// Sends a signed request, path style, and reads its answer.
    pub(crate) fn ask(
        &self,
        over: Over,
        sign: Sign,
        line: &str,
        headers: &[String],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let request = self.signed(sign, line, headers);
        self.gate.ask(over, request.body(body).bytes())
    }

    /// A signed request, its body still to come.
    pub(crate) fn signed(&self, sign: Sign, line: &str, headers: &[String]) -> Ask {
        let (method, target) = line.split_once(' ').unwrap();
        let mut map = HeaderMap::new();
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            map.append(
                HeaderName::try_from(name).unwrap(),
                HeaderValue::try_from(value).unwrap(),
            );
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let now = OffsetDateTime::now_utc();
        let expires = now.unix_timestamp().unsigned_abs() + 3600;
        let signable = |map| Signable {
            method,
            host: DOMAIN,
            bucket: None,
            path,
            query,
            headers: map,
        };
        let mut target = target.to_owned();
        let mut authorization = String::new();
        match sign {
            Sign::Not => {}
            Sign::V2(dialect) => {
                let date = httpdate::fmt_http_date(SystemTime::now());
                map.insert("date", HeaderValue::try_from(date).unwrap());
                authorization = v2::authorization(&self.credentials, dialect, &signable(&map));
            }
            Sign::V4 => {
                map.insert("x-amz-date", HeaderValue::try_from(v4::timestamp(now)).unwrap());
                map.insert(
                    "x-amz-content-sha256",
                    HeaderValue::from_static(v4::UNSIGNED_PAYLOAD),
                );
                authorization = v4::authorization(&self.credentials, v4::REGION, &signable(&map));
            }
            Sign::V2Presigned(dialect) => {
                let query = v2::presign(&self.credentials, dialect, &signable(&map), expires);
                target = format!("{path}?{query}");
            }
            Sign::V4Presigned => {
                let query = v4::presign(&self.credentials, v4::REGION, &signable(&map), now, 3600);
                target = format!("{path}?{query}");
            }
        }
        let lines = map
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let request = ask(format!("{method} {target}")).with_all(lines);
        if authorization.is_empty() {
            request
        } else {
            request.with(format!("Authorization: {authorization}"))
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking());
    }
}
