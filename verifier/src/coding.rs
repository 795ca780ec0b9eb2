//! Bodies that come compressed.
//!
//! SPEC: RFC 9110 §8.4 (Content-Encoding), RFC 1952 (gzip).

use std::io::Read;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;

use crate::error::ApiError;

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As it is.
    Identity,
    /// Compressed once with gzip.
    Gzip,
}

impl Coding {
    /// What the headers say. A body that is coded twice, or in another way, is not read.
    pub fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut codings = headers.get_all(header::CONTENT_ENCODING).iter().map(|value| value.as_bytes());
        let named = |name: &str, coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
        match (codings.next(), codings.next()) {
            (None, _) => Ok(Self::Identity),
            (Some(coding), None) if named("identity", coding) => Ok(Self::Identity),
            (Some(coding), None) if named("gzip", coding) || named("x-gzip", coding) => Ok(Self::Gzip),
            _ => Err(ApiError::CodingUnsupported),
        }
    }

    /// The body without its coding, of at most `bytes_max` bytes: a bomb is given up at the first byte beyond.
    pub fn decode(self, body: Bytes, bytes_max: usize) -> Result<Bytes, ApiError> {
        match self {
            Self::Identity => Ok(body),
            Self::Gzip => {
                let mut plain = Vec::new();
                let allowed = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
                MultiGzDecoder::new(body.as_ref())
                    .take(allowed)
                    .read_to_end(&mut plain)
                    .map_err(|_| ApiError::CodingMalformed)?;
                if plain.len() > bytes_max {
                    return Err(ApiError::BodyTooLarge { bytes_max });
                }
                Ok(plain.into())
            }
        }
    }
}
