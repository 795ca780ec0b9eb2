//! Links as QR codes.
//!
//! SPEC: ISO/IEC 18004, error correction level M (15 % of a worn or reflecting screen may be unreadable).

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use crate::error::WalletError;

/// Pixels at least, for a camera that is held over a cheap phone's screen.
const WIDTH_PX: u32 = 260;

/// The link as an SVG document: black on white whatever the page's colours are.
pub(crate) fn svg(url: &str) -> Result<String, WalletError> {
    let code = QrCode::with_error_correction_level(url, EcLevel::M).map_err(|_| WalletError::LinkTooLong)?;
    let svg = code
        .render()
        .min_dimensions(WIDTH_PX, WIDTH_PX)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build();
    Ok(svg)
}
