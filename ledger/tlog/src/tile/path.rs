//! The part of a path that tiles and entry bundles share: `<index>[.p/<width>]`.

use super::TILE_WIDTH;
use crate::position::parse_decimal;

/// Most groups of three digits in an index that fits in 64 bits.
const GROUPS_MAX: usize = 7;

/// Why a text is not the path of a tile or of an entry bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TilePathError {
    /// It does not begin like one.
    #[error("not the path of a tile or entry bundle")]
    NotATile,
    /// The level is not a decimal number from 0 to 63 without leading zero.
    #[error("the level is not a number from 0 to 63")]
    BadLevel,
    /// A tree whose size fits in 64 bits has no tile of this level.
    #[error("no tree has tiles of this level")]
    LevelTooHigh,
    /// The index is not in groups of three digits, all but the last after an `x`, the first of several not zero.
    #[error("the index is not in groups of three digits")]
    BadIndex,
    /// The tile would lie beyond the 2^64th entry.
    #[error("the index is beyond the largest tree")]
    IndexTooLarge,
    /// The width of a partial tile is not a decimal number from 1 to 255 without leading zero.
    #[error("the width is not a number from 1 to 255")]
    BadWidth,
}

/// Writes `<index>[.p/<width>]`.
pub(crate) fn encode_place(index: u64, width: u16) -> String {
    let mut place = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        place = format!("x{:03}/{place}", rest % 1000);
        rest /= 1000;
    }
    if width == TILE_WIDTH { place } else { format!("{place}.p/{width}") }
}

/// Reads `<index>[.p/<width>]`; without a width the tile is full.
pub(crate) fn parse_place(place: &str) -> Result<(u64, u16), TilePathError> {
    let (index, width) = match place.split_once(".p/") {
        Some((index, width)) => (index, parse_partial_width(width)?),
        None => (place, TILE_WIDTH),
    };
    Ok((parse_index(index)?, width))
}

fn parse_partial_width(width: &str) -> Result<u16, TilePathError> {
    match parse_decimal(width) {
        Ok(width @ 1..=255) => Ok(width as u16),
        Ok(_) | Err(_) => Err(TilePathError::BadWidth),
    }
}

fn parse_index(index: &str) -> Result<u64, TilePathError> {
    let mut value: u64 = 0;
    let groups = index.split('/').count();
    if groups > GROUPS_MAX {
        return Err(TilePathError::BadIndex);
    }
    for (position, group) in index.split('/').enumerate() {
        let is_last = position + 1 == groups;
        let digits = if is_last { Some(group) } else { group.strip_prefix('x') };
        let digits = digits.ok_or(TilePathError::BadIndex)?;
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TilePathError::BadIndex);
        }
        // A leading group of zeros would be a second name of the same tile.
        if position == 0 && !is_last && digits == "000" {
            return Err(TilePathError::BadIndex);
        }
        let group = digits.parse::<u64>().map_err(|_| TilePathError::BadIndex)?;
        value = value
            .checked_mul(1000)
            .and_then(|value| value.checked_add(group))
            .ok_or(TilePathError::IndexTooLarge)?;
    }
    Ok(value)
}
