//! Writing a payload: the counterpart of reading it, deterministic by construction.

use core::convert::Infallible;

use minicbor::{Encoder, encode};

/// Bytes of CBOR being written.
pub(crate) struct Writer(Encoder<Vec<u8>>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Encoder::new(Vec::new()))
    }

    pub(crate) fn text(&mut self, text: &str) {
        written(self.0.str(text).map(drop));
    }

    pub(crate) fn number(&mut self, number: u64) {
        written(self.0.u64(number).map(drop));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        written(self.0.bytes(bytes).map(drop));
    }

    pub(crate) fn array(&mut self, items: usize) {
        written(self.0.array(items as u64).map(drop));
    }

    pub(crate) fn map(&mut self, map: MapWriter) {
        written(self.0.map(map.members).map(drop));
        self.raw(&map.body.into_bytes());
    }

    /// Appends an item that is encoded already.
    pub(crate) fn raw(&mut self, item: &[u8]) {
        self.0.writer_mut().extend_from_slice(item);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.into_writer()
    }
}

/// The members of a map, to be given in ascending order of their keys.
pub(crate) struct MapWriter {
    members: u64,
    body: Writer,
}

impl MapWriter {
    pub(crate) fn new() -> Self {
        Self { members: 0, body: Writer::new() }
    }

    pub(crate) fn text(&mut self, key: u64, text: &str) {
        self.member(key).text(text);
    }

    pub(crate) fn number(&mut self, key: u64, number: u64) {
        self.member(key).number(number);
    }

    pub(crate) fn bytes(&mut self, key: u64, bytes: &[u8]) {
        self.member(key).bytes(bytes);
    }

    pub(crate) fn map(&mut self, key: u64, map: MapWriter) {
        self.member(key).map(map);
    }

    pub(crate) fn array<T>(&mut self, key: u64, items: &[T], write: impl Fn(&T, &mut Writer)) {
        let out = self.member(key);
        out.array(items.len());
        items.iter().for_each(|item| write(item, out));
    }

    pub(crate) fn raw(&mut self, key: u64, item: &[u8]) {
        self.member(key).raw(item);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut out = Writer::new();
        out.map(self);
        out.into_bytes()
    }

    fn member(&mut self, key: u64) -> &mut Writer {
        self.members += 1;
        self.body.number(key);
        &mut self.body
    }
}

fn written(result: Result<(), encode::Error<Infallible>>) {
    result.expect("invariant: writing to a Vec cannot fail");
}
