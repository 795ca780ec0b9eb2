//! Claim codes: what a learner types once to get a record into a wallet.

use crate::entropy;

/// Crockford's digits: no I, L, O and U, which are read or heard for something else.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Sixty bits: at ten guesses a second, 3·10⁹ years to go through all of them.
const CODE_DIGITS: usize = 12;

/// A fresh code in groups of four: `7K3M-9QXT-2BFD`.
pub(super) fn fresh() -> String {
    let random = entropy::bytes::<CODE_DIGITS>();
    let mut code = String::with_capacity(CODE_DIGITS + 2);
    for (position, byte) in random.iter().enumerate() {
        if position > 0 && position % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(DIGITS[usize::from(byte % 32)]));
    }
    code
}

/// The code as it is compared: without separators, in capitals, with the letters people mistake put right.
pub(crate) fn fold(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_groups_of_four_and_differ() {
        let (one, other) = (fresh(), fresh());
        assert_ne!(one, other);
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4]);
        assert_eq!(fold(&one).len(), 12);
    }

    #[test]
    fn mistaken_letters_are_put_right() {
        assert_eq!(fold(" 7k3m-oilt "), "7K3M011T");
        assert_ne!(fold("7K3M"), fold("7K3N"));
    }
}
