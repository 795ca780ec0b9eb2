//! A form with a file, as browsers and programs send it.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::request::Parts;
use matricula_tlog::UnixSeconds;
use matricula_verdict::parse_rfc3339;

use crate::error::ApiError;
use crate::service::Question;
use crate::words::harmless;

/// Names of files are shown up to this length.
const FILE_NAME_CHARS_MAX: usize = 120;

/// The form has four fields; a body with many more is no form of ours.
const FIELDS_MAX: usize = 8;

/// A file, and what is asked about it.
#[derive(Debug)]
pub(crate) struct Upload {
    /// The file's name, safe to show.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// The question.
    pub question: Question,
}

impl Upload {
    /// Reads the file, whatever its field is called, and the fields `as_of`, `challenge` and `domain`; empty ones count as
    /// absent. The body has been read, within the limits.
    pub async fn read(parts: Parts, body: Bytes) -> Result<Self, ApiError> {
        let form = Multipart::from_request(Request::from_parts(parts, body.into()), &()).await;
        let mut form = form.map_err(|_| ApiError::FormMalformed)?;
        let mut file = None;
        let mut question = Question::default();
        let mut fields = 0;
        while let Some(field) = form.next_field().await.map_err(|_| ApiError::FormMalformed)? {
            fields += 1;
            if fields > FIELDS_MAX {
                return Err(ApiError::FormMalformed);
            }
            let name = field.name().unwrap_or_default().to_owned();
            if name == "document" || field.file_name().is_some() {
                if file.is_some() {
                    return Err(ApiError::SeveralFiles);
                }
                let file_name = harmless(field.file_name().unwrap_or_default(), FILE_NAME_CHARS_MAX);
                let bytes = field.bytes().await.map_err(|_| ApiError::FormMalformed)?;
                file = Some((file_name, bytes.to_vec()));
                continue;
            }
            let text = field.text().await.map_err(|_| ApiError::FormMalformed)?;
            let text = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            match name.as_str() {
                "as_of" => question.as_of = text.as_deref().map(end_of_day).transpose()?,
                "challenge" => question.challenge = text,
                "domain" => question.domain = text,
                _ => {}
            }
        }
        let (name, bytes) = file.filter(|(_, bytes)| !bytes.is_empty()).ok_or(ApiError::FileMissing)?;
        Ok(Self { name, bytes, question })
    }
}

/// A day counts up to its last second, in UTC.
fn end_of_day(date: &str) -> Result<UnixSeconds, ApiError> {
    parse_rfc3339(&format!("{date}T23:59:59Z")).ok_or(ApiError::DateMalformed)
}
