//! Deposits of an issuer that runs elsewhere.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
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
/// 1. Compare the secret (401 `deposit_refused`). 2. Read the body (400, 413). 3. Check the record (422).
/// 4. Keep it, sealed under a new code.
pub(super) async fn deposit(
    State(state): State<WalletState>,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<OfferView>), ApiError> {
    let wanted = state.config().deposit_secret_sha256.ok_or(ApiError::DepositRefused)?;
    let given: [u8; 32] = Sha256::digest(bearer(&headers).unwrap_or("").as_bytes()).into();
    if !bool::from(given.ct_eq(&wanted)) {
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
    let code = state.run(move |wallet| wallet.deposit(&record, expires)).await?;
    Ok((StatusCode::CREATED, Json(OfferView { code: code.encode() })))
}
