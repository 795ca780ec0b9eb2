//! `matricula authority allot`: places in the status lists for a school.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use matricula_issuer::status::Allotted;
use matricula_verdict::day;

use super::{AllotArgs, OpenDesk};
use crate::failure::Failure;
use crate::files::{check_place, read_bounded};
use crate::moment::now;
use crate::values::counted;

/// Room to compare a file that is there with an allotment, which has about 64 KiB.
const FILE_BYTES_MAX: u64 = 256 << 10;

const OTHER_FILE: &str = "a file that is there may be an allotment not yet handed over; give another name";

/// Runs the command.
pub fn run(args: &AllotArgs) -> Result<u8, Failure> {
    check_place(&args.out)?;
    let opened = OpenDesk::open(&args.desk)?;
    if args.further && args.out.exists() {
        // Further places are booked at each call: nothing may stand in the way of handing them over.
        let taken = ErrorKind::AlreadyExists.into();
        return Err(Failure::io("make", &args.out, &taken).remedy(OTHER_FILE));
    }
    let allotted = match args.further {
        true => opened.desk().allot_further(&args.institution, args.count, now())?,
        false => opened.desk().allot(&args.institution, args.count, now())?,
    };
    write(&args.out, &allotted)?;
    let (places, institution) = (counted(args.count, "place"), &args.institution);
    if allotted.created {
        println!("Allotted {places} to {institution}: give it {}.", args.out.display());
    } else {
        println!(
            "{institution} was allotted {places} on {} already: {} has the same ones.",
            day(allotted.allotment.issued),
            args.out.display()
        );
        println!("For more, give --further.");
    }
    Ok(0)
}

/// Writes the school's file. What is there already stays, and is no hindrance where it is the same.
fn write(out: &Path, allotted: &Allotted) -> Result<(), Failure> {
    let made = fs::OpenOptions::new().write(true).create_new(true).open(out);
    let mut file = match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let same = read_bounded(out, FILE_BYTES_MAX).is_ok_and(|there| there == allotted.file);
            return if same { Ok(()) } else { Err(Failure::io("make", out, &error).remedy(OTHER_FILE)) };
        }
        Err(error) => return Err(Failure::io("make", out, &error)),
        Ok(file) => file,
    };
    file.write_all(&allotted.file).and_then(|()| file.sync_all()).map_err(|error| {
        let _removed = fs::remove_file(out);
        let remedy = "run the command again, without --further: it writes the same places";
        Failure::io("write", out, &error).remedy(remedy)
    })
}
