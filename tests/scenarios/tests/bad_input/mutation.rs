//! The classes of bad input, made from good samples. The same ones on every run.

use std::io::Write;

use data_encoding::BASE64URL_NOPAD;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress, Status};

use crate::parser::Form;

/// Deep enough to overflow the stack of any parser that recurses without counting.
const BOMB_DEPTH: usize = 100_000;

/// Longer than any document that is read.
const OVERSIZE_BYTES: usize = 16 << 20;

/// A megabyte of zeros, a thousand times: a gigabyte.
const BOMB_CHUNK_BYTES: usize = 1 << 20;
const BOMB_CHUNKS: usize = 1024;

/// Longer than any name.
const WORD_BYTES: usize = 20_000;

/// Objects of a sample that get a doubled member, or a bomb.
const OBJECTS_MAX: usize = 24;

/// What no parser takes for anything.
pub fn junk() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 12] = [
        b"\0",
        b"\n\n\n",
        b"\xef\xbb\xbf",
        b"nul",
        b"{\"type\"",
        b"\"unfinished",
        b"PK\x03\x04",
        b"\x1f\x8b\x08\x00",
        b"%PDF-1.7\n",
        b"<!DOCTYPE html>",
        b"-1e999999999",
        b"\xff\xfe{\0}\0",
    ];
    texts.map(<[u8]>::to_vec).to_vec()
}

/// The sample cut short, at up to `tries` lengths; white space at its end alone is not missed.
pub fn cuts(sample: &[u8], tries: usize) -> Vec<Vec<u8>> {
    let whole = sample.trim_ascii_end().len();
    (0..whole).step_by(stride(whole, tries)).map(|length| sample[..length].to_vec()).collect()
}

/// The sample with one bit flipped, at up to `tries` places.
pub fn flips(sample: &[u8], tries: usize) -> Vec<Vec<u8>> {
    let bits = sample.len() * 8;
    let flip = |bit: usize| {
        let mut flipped = sample.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    };
    (0..bits).step_by(stride(bits, tries)).map(flip).collect()
}

/// Steps that are odd, so that every bit of a byte and every byte of a word has its turn.
fn stride(length: usize, tries: usize) -> usize {
    match length.div_ceil(tries.max(1)) {
        0 | 1 => 1,
        step => step | 1,
    }
}

/// Nesting without end, alone and inside the sample.
pub fn nested(form: Form, sample: &[u8]) -> Vec<Vec<u8>> {
    let mut bombs: Vec<Vec<u8>> =
        [&b"["[..], b"{\"a\":", b"\x81", b"\xa1\x00", b"\xd2\x84", b"(", b"a = [", b"a."]
            .iter()
            .map(|piece| piece.repeat(BOMB_DEPTH))
            .collect();
    bombs.push([b"[".repeat(BOMB_DEPTH), b"]".repeat(BOMB_DEPTH)].concat());
    match form {
        Form::Json => {
            let deep = format!("\"x\":{}{},", "[".repeat(BOMB_DEPTH), "]".repeat(BOMB_DEPTH));
            bombs.extend(members(sample).map(|(at, _)| spliced(sample, at, deep.as_bytes())));
        }
        Form::Toml => {
            let line = format!("\nx = {}{}\n", "[".repeat(BOMB_DEPTH), "]".repeat(BOMB_DEPTH));
            bombs.push([sample, line.as_bytes()].concat());
        }
        Form::Csv | Form::Text | Form::Binary => {}
    }
    bombs
}

/// Words of a length that no word has, alone and as members, twice over: a reason that repeated them would be as long.
pub fn wordy(form: Form, sample: &[u8]) -> Vec<Vec<u8>> {
    let word = "w".repeat(WORD_BYTES);
    let mut inputs: Vec<Vec<u8>> = [
        word.clone(),
        format!("{{\"{word}\":1,\"{word}\":2}}"),
        format!("{{\"{word}\":1e999}}"),
        format!("{word} = 1\n{word} = 2\n"),
        format!("did:web:{word}"),
        format!("{word}\n{word}\n\n\u{2014} {word} {word}\n"),
        format!("{word},{word}\n{word},{word}\n"),
    ]
    .map(String::into_bytes)
    .to_vec();
    if form == Form::Json {
        let member = format!("\"{word}\":\"{word}\",");
        inputs.extend(members(sample).map(|(at, _)| spliced(sample, at, member.as_bytes())));
        let strings = values(sample);
        inputs.extend(strings.map(|at| spliced(sample, at, word.as_bytes())));
    }
    inputs
}

/// Places inside the texts that are values.
fn values(sample: &[u8]) -> impl Iterator<Item = usize> {
    let opens = sample.windows(2).enumerate().filter(|(_, pair)| *pair == b":\"");
    opens.map(|(at, _)| at + 2).take(OBJECTS_MAX)
}

/// The sample with a key twice, in each place where one can stand. Duplicate keys of CBOR are vectors of the statement.
pub fn doubled(form: Form, sample: &[u8]) -> Vec<Vec<u8>> {
    match form {
        Form::Json => {
            members(sample).map(|(at, key)| spliced(sample, at, &[key, b":null,"].concat())).collect()
        }
        Form::Toml => {
            let text = std::str::from_utf8(sample).unwrap();
            let lines = text.lines().filter(|line| line.contains(" = "));
            lines.map(|line| format!("{text}\n{line}\n").into_bytes()).collect()
        }
        Form::Csv => {
            let text = std::str::from_utf8(sample).unwrap();
            let (header, rest) = text.split_once('\n').unwrap();
            let header = header.trim_end();
            let first = header.split(',').next().unwrap();
            let rows: String = rest.lines().map(|row| format!("{row},\n")).collect();
            vec![format!("{header},{first}\n{rows}").into_bytes()]
        }
        Form::Text | Form::Binary => Vec::new(),
    }
}

/// Places after the opening of an object, each with the object's first key in its quotes.
fn members(sample: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let opens = sample.iter().enumerate().filter(|(_, byte)| **byte == b'{');
    let member = |(at, _): (usize, &u8)| {
        let rest = sample[at + 1..].trim_ascii_start();
        let end = rest.get(1..)?.iter().position(|byte| *byte == b'"')?;
        rest.starts_with(b"\"").then(|| (at + 1, &rest[..end + 2]))
    };
    opens.filter_map(member).take(OBJECTS_MAX)
}

fn spliced(sample: &[u8], at: usize, piece: &[u8]) -> Vec<u8> {
    [&sample[..at], piece, &sample[at..]].concat()
}

/// The sample with bytes that are no UTF-8: a lone byte, a zero in two bytes, half of a surrogate pair, a cut letter.
pub fn not_utf8(sample: &[u8], tries: usize) -> Vec<Vec<u8>> {
    let wrong: [&[u8]; 4] = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xc3"];
    let places = (0..=sample.len()).step_by(stride(sample.len() + 1, tries));
    places.zip(wrong.iter().cycle()).map(|(at, wrong)| spliced(sample, at, wrong)).collect()
}

/// The sample with white space around it to beyond every limit.
pub fn oversized(sample: &[u8]) -> Vec<u8> {
    [sample, &b" ".repeat(OVERSIZE_BYTES)].concat()
}

/// The bytes as GZIP.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// GZIP that unpacks to a gigabyte of zeros. The pieces between full flushes are alike, so one is made and repeated;
/// the check sum at the end is never reached.
pub fn gzip_bomb() -> Vec<u8> {
    let mut deflate = Compress::new(Compression::best(), false);
    let mut chunk = Vec::with_capacity(64 << 10);
    let status = deflate.compress_vec(&vec![0; BOMB_CHUNK_BYTES], &mut chunk, FlushCompress::Full).unwrap();
    assert_eq!((status, deflate.total_in()), (Status::Ok, BOMB_CHUNK_BYTES as u64));
    let head: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    [&head[..], &chunk.repeat(BOMB_CHUNKS)].concat()
}

/// The bomb as a status list carries it.
pub fn encoded_bomb() -> String {
    format!("u{}", BASE64URL_NOPAD.encode(&gzip_bomb()))
}

#[test]
fn the_bomb_unpacks_to_more_than_any_list() {
    use std::io::Read;
    let bomb = gzip_bomb();
    assert!(bomb.len() < 3 << 20, "{}", bomb.len());
    let unpacked = std::io::copy(
        &mut flate2::read::GzDecoder::new(bomb.as_slice()).take(40 << 20),
        &mut std::io::sink(),
    );
    assert_eq!(unpacked.unwrap(), 40 << 20);
}
