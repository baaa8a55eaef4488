//! Reading a form up to its file: bounded, before the decision, and handed on byte for byte after it (rulings, 18).

use super::{
    body::{ClientBody, RequestBody},
    intake::Intake,
    sweep::{Sweep, Tick},
};
use crate::obs::form::{Boundary, Form, FormError, Limits, Progress, Scanner};
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::BodyExt;
use std::rc::Rc;

/// Why a form was not read.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It is not what the API allows.
    Form(FormError),
    /// The client broke off.
    Client,
    /// Its fields did not come in time.
    Late,
}

/// A body of which the form's fields were read.
pub(super) struct Unsent {
    /// What follows the fields and came with them.
    rest: Vec<u8>,
    body: ClientBody,
}

impl Unsent {
    /// The body as it came: the form's fields again, then the rest.
    pub(super) fn after(self, form: Form, intake: Intake) -> RequestBody {
        let mut prefix = form.into_prefix();
        prefix.extend_from_slice(&self.rest);
        RequestBody::with_prefix(prefix.into(), self.body).noted_in(intake)
    }
}

/// Reads a form's fields; what follows them stays in the body. `look` sees what was read, also when that is not all.
///
/// # Errors
/// The form is malformed or over the limits, or the client broke off or was too slow.
pub(super) async fn read(
    headers: &HeaderMap,
    limits: Limits,
    mut body: ClientBody,
    intake: &Intake,
    (sweep, patience): (&Rc<Sweep>, Tick),
    look: impl FnOnce(&Scanner),
) -> Result<(Form, Unsent), Unreadable> {
    let boundary = Boundary::from_headers(headers).map_err(Unreadable::Form)?;
    let mut scanner = Scanner::new(boundary, limits);
    let reading = async {
        loop {
            let Some(frame) = body.frame().await else {
                // The form says what is missing: the file never began.
                return Ok(Vec::new());
            };
            let Ok(data) = frame.map_err(|_| Unreadable::Client)?.into_data() else {
                continue;
            };
            intake.took_ahead(data.len());
            if let Progress::AtFile { consumed } = scanner.feed(&data).map_err(Unreadable::Form)? {
                return Ok(data.get(consumed..).unwrap_or_default().to_vec());
            }
        }
    };
    let read = sweep.within(patience, reading).await;
    look(&scanner);
    let rest = read.unwrap_or(Err(Unreadable::Late))?;
    let form = scanner.into_form().map_err(Unreadable::Form)?;
    if body.is_end_stream() {
        intake.finished();
    }
    Ok((form, Unsent { rest, body }))
}
