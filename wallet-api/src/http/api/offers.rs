//! Deposits of an issuer that runs elsewhere.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use matricula_credential::content::issuer_id;
use matricula_credential::json;
use matricula_credential::parse_date_time;
use matricula_credential::record::PortableRecord;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::WalletError;
use crate::http::input::read_bytes;
use crate::http::learner::bearer;
use crate::http::problem::ApiError;
use crate::http::state::WalletState;

#[derive(Serialize)]
pub(super) struct OfferView {
    code: String,
}

/// `POST /api/offers` with `{"record": …, "expires_at": RFC 3339}` and the issuer's secret as bearer: 201 with the code.
///
/// 1. The secret is that of an issuer (401 `deposit_refused`). 2. Read the body (400, 413). 3. Check the record (422).
/// 4. That issuer has issued it (401 `deposit_refused`): else one school could offer, and have bound, the records of
///    another. 5. Keep it, sealed under a new code.
pub(super) async fn deposit(
    State(state): State<WalletState>,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<OfferView>), ApiError> {
    let depositors = depositors(&headers, &state.config().deposit_secrets_sha256);
    if depositors.is_empty() {
        return Err(ApiError::DepositRefused);
    }
    let unreadable = |detail: String| ApiError::BodyUnreadable { detail };
    let body = json::parse(&read_bytes(bytes)?).map_err(|error| unreadable(error.to_string()))?;
    let Value::Object(mut members) = body else { return Err(unreadable("not an object".to_owned())) };
    let (Some(record), Some(Value::String(expires_at)), true) =
        (members.remove("record"), members.remove("expires_at"), members.is_empty())
    else {
        return Err(unreadable("it must have the members record and expires_at, and no others".to_owned()));
    };
    let expires = parse_date_time(&expires_at).map_err(|error| unreadable(error.to_string()))?;
    let record = PortableRecord::from_value(&record).map_err(WalletError::from)?;
    if !issuer_id(&record.credential).is_some_and(|issuer| depositors.contains(&issuer)) {
        return Err(ApiError::DepositRefused);
    }
    let code = state.run(move |wallet| wallet.deposit(&record, expires)).await?;
    Ok((StatusCode::CREATED, Json(OfferView { code: code.encode() })))
}

/// The issuers whose secret the request carries. Every secret is compared, each to its end, so that the time it takes
/// tells nothing.
fn depositors<'a>(headers: &HeaderMap, secrets: &'a BTreeMap<String, [u8; 32]>) -> Vec<&'a str> {
    let Some(given) = bearer(headers) else { return Vec::new() };
    let given: [u8; 32] = Sha256::digest(given.as_bytes()).into();
    let known = secrets.iter().filter(|(_, wanted)| bool::from(given.ct_eq(*wanted)));
    known.map(|(issuer, _)| issuer.as_str()).collect()
}
