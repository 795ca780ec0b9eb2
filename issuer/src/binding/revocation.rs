//! Bindings that another one has taken the place of: they stay valid until their status says otherwise.

use std::collections::BTreeMap;
use std::path::PathBuf;

use matricula_credential::binding::HolderBinding;
use matricula_tlog::UnixSeconds;

use super::Bindings;
use crate::correction::{CorrectionError, StatusRequested, check_request_key, requests, sign_request};
use crate::credential_status::RecordStatus;
use crate::keyring::SecretKey;
use crate::school::SchoolHome;
use crate::status::{StatusAction, StatusReason, StatusRequest};
use crate::storage;

/// A binding below the highest number of its credential.
struct Replaced {
    path: PathBuf,
    status: RecordStatus,
    /// When the binding after it was made.
    since: UnixSeconds,
}

/// The requests that ask for a revocation, by status list and index.
type Asked = BTreeMap<(String, u32), (PathBuf, Vec<u8>)>;

/// The files of the bindings that another one has replaced and whose revocation nobody has asked for.
/// A `bind` key may not ask for it, so [`bind`](super::bind) leaves them behind.
///
/// # Errors
/// What reading the school's bindings and requests gives.
pub fn pending_binding_revocations(home: &SchoolHome) -> Result<Vec<PathBuf>, CorrectionError> {
    let asked = asked(home)?;
    let pending = replaced(home)?.into_iter().filter(|old| !asked.contains_key(&old.place()));
    Ok(pending.map(|old| old.path).collect())
}

/// Signs a request to revoke each replaced binding, from the moment it was replaced, with an `issue`
/// or `approve` key, and keeps it under `requests`. What has been asked for before, with whatever key,
/// is listed as it is and not asked for again.
///
/// # Errors
/// [`CorrectionError::WrongKey`]; or what reading the bindings and writing the requests gives.
pub fn revoke_replaced_bindings(
    home: &SchoolHome,
    key: &SecretKey,
    now: UnixSeconds,
) -> Result<Vec<StatusRequested>, CorrectionError> {
    check_request_key(key)?;
    let _lock = home.lock()?;
    let mut asked = asked(home)?;
    let mut requested = Vec::new();
    for old in replaced(home)? {
        requested.push(match asked.remove(&old.place()) {
            Some((path, bytes)) => StatusRequested { record: old.status, path, bytes, created: false },
            None => sign_request(home, old.request(now), old.status, key)?,
        });
    }
    Ok(requested)
}

impl Replaced {
    fn place(&self) -> (String, u32) {
        (self.status.status_list.clone(), self.status.index)
    }

    fn request(&self, now: UnixSeconds) -> StatusRequest {
        StatusRequest {
            version: 1,
            institution: self.status.issuer.clone(),
            credential_id: self.status.credential_id.clone(),
            status_list: self.status.status_list.clone(),
            index: self.status.index,
            action: StatusAction::Revoke,
            reason: StatusReason::Superseded(None),
            // The clock of the service that binds may run ahead; no date may lie in the future.
            effective: self.since.min(now),
            created: now,
        }
    }
}

fn asked(home: &SchoolHome) -> Result<Asked, CorrectionError> {
    let revocations =
        requests(home)?.into_iter().filter(|(request, ..)| request.action == StatusAction::Revoke);
    Ok(revocations
        .map(|(request, path, bytes)| ((request.status_list, request.index), (path, bytes)))
        .collect())
}

fn replaced(home: &SchoolHome) -> Result<Vec<Replaced>, CorrectionError> {
    let mut replaced = Vec::new();
    for name in storage::names_in(&home.bindings_folder())? {
        let bindings = Bindings { folder: home.bindings_folder().join(name) };
        let mut numbers = bindings.numbers()?;
        numbers.sort_unstable();
        for pair in numbers.windows(2) {
            let [old, next] = *pair else { continue };
            let status = RecordStatus::of_credential(&bindings.read(old)?)?;
            if status.issuer != home.profile().did.as_str() {
                return Err(CorrectionError::NotOurs { issuer: status.issuer });
            }
            let since = HolderBinding::parse(&bindings.read(next)?)?.valid_from;
            replaced.push(Replaced { path: bindings.path(old), status, since });
        }
    }
    Ok(replaced)
}
