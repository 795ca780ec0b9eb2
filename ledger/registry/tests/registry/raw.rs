//! CBOR and COSE written by hand, so that a test can write them wrong.

use ed25519_dalek::{Signer, SigningKey};

/// One encoded CBOR item.
pub type Item = Vec<u8>;

pub fn head(major: u8, argument: u64) -> Vec<u8> {
    let major = major << 5;
    match argument {
        0..=23 => vec![major | argument as u8],
        24..=0xff => vec![major | 24, argument as u8],
        0x100..=0xffff => [vec![major | 25], (argument as u16).to_be_bytes().to_vec()].concat(),
        0x1_0000..=0xffff_ffff => [vec![major | 26], (argument as u32).to_be_bytes().to_vec()].concat(),
        _ => [vec![major | 27], argument.to_be_bytes().to_vec()].concat(),
    }
}

pub fn number(value: u64) -> Item {
    head(0, value)
}

pub fn negative(minus_one_minus: u64) -> Item {
    head(1, minus_one_minus)
}

pub fn bytes(value: &[u8]) -> Item {
    [head(2, value.len() as u64), value.to_vec()].concat()
}

pub fn words(value: &str) -> Item {
    [head(3, value.len() as u64), value.as_bytes().to_vec()].concat()
}

pub fn array(items: &[Item]) -> Item {
    [head(4, items.len() as u64), items.concat()].concat()
}

pub fn map(members: &[(Item, Item)]) -> Item {
    let body: Vec<u8> =
        members.iter().flat_map(|(key, value)| [key.clone(), value.clone()].concat()).collect();
    [head(5, members.len() as u64), body].concat()
}

/// A map with the keys 0, 1, 2 …
pub fn record(values: &[Item]) -> Item {
    numbered(&values.iter().enumerate().map(|(key, value)| (key as u64, value.clone())).collect::<Vec<_>>())
}

pub fn numbered(members: &[(u64, Item)]) -> Item {
    map(&members.iter().map(|(key, value)| (number(*key), value.clone())).collect::<Vec<_>>())
}

/// A statement in parts, each to be changed at will before it is signed.
#[derive(Clone)]
pub struct Raw {
    pub key: SigningKey,
    pub tag: Vec<u8>,
    pub protected: Item,
    pub payload: Item,
    pub countersigners: Vec<SigningKey>,
}

impl Raw {
    pub fn new(seed: u8, payload: Item) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let protected = map(&header(&key.verifying_key().to_bytes()));
        Self { key, tag: vec![0xd2], protected, payload, countersigners: Vec::new() }
    }

    pub fn signature(&self) -> [u8; 64] {
        let message = array(&[words("Signature1"), bytes(&self.protected), bytes(&[]), bytes(&self.payload)]);
        self.key.sign(&message).to_bytes()
    }

    /// A COSE_Countersignature under the protected header given.
    pub fn countersignature(&self, key: &SigningKey, protected: &[u8], context: &str) -> Vec<Item> {
        let message = array(&[
            words(context),
            bytes(&self.protected),
            bytes(protected),
            bytes(&[]),
            bytes(&self.payload),
            array(&[bytes(&self.signature())]),
        ]);
        vec![bytes(protected), map(&[]), bytes(&key.sign(&message).to_bytes())]
    }

    pub fn unprotected(&self) -> Item {
        let mut signatures: Vec<Item> = self
            .countersigners
            .iter()
            .map(|key| array(&self.countersignature(key, &counter_header(key), "CounterSignatureV2")))
            .collect();
        match signatures.len() {
            0 => map(&[]),
            1 => map(&[(number(11), signatures.remove(0))]),
            _ => map(&[(number(11), array(&signatures))]),
        }
    }

    pub fn entry(&self) -> Vec<u8> {
        self.entry_with(&self.unprotected())
    }

    pub fn entry_with(&self, unprotected: &[u8]) -> Vec<u8> {
        let parts =
            [bytes(&self.protected), unprotected.to_vec(), bytes(&self.payload), bytes(&self.signature())];
        [self.tag.clone(), array(&parts)].concat()
    }
}

/// The members of a good protected header.
pub fn header(kid: &[u8]) -> Vec<(Item, Item)> {
    vec![
        (number(1), negative(7)),
        (number(3), words("application/matricula-statement+cbor")),
        (number(4), bytes(kid)),
        (words("nonce"), bytes(&[4; 16])),
        (words("origin"), words("ledger.hn.example/registry")),
    ]
}

pub fn counter_header(key: &SigningKey) -> Item {
    map(&[(number(1), negative(7)), (number(4), bytes(&key.verifying_key().to_bytes()))])
}
