//! Dated exchange rates: one row for a currency and the day its rate holds from (`currency,day,rate`), the rate being what
//! one unit is worth in the currency reports are in. Absent: fetching rates, and a rate of today for an amount of yesterday.

use std::io::{Read, Seek, SeekFrom};

use domain::revenue::{RateError, Rates};

use super::{
    dialect::Delimiter,
    encoding::Encoding,
    faults::{Faults, LedgerError, at},
    record::{Record, Records},
};

/// Reads exchange rates.
pub fn rates<R: Read + Seek>(input: &mut R) -> Result<Rates, LedgerError> {
    let encoding = Encoding::detect(input)?;
    input.seek(SeekFrom::Start(0))?;
    let delimiter = Delimiter::guess(&Delimiter::sample(input)?, encoding);
    input.seek(SeekFrom::Start(0))?;
    let mut records = Records::new(input, encoding, delimiter);
    let (mut record, mut rates, mut faults) = (Record::default(), Rates::none(), Faults::default());
    let headers = ["currency", "day", "rate"].map(str::to_owned);
    let named = records.read(&mut record)? && record.cells().map(str::trim).eq(headers.iter());
    if !named {
        return Err(at(1, 0, &[], "the first line must name the columns currency, day and rate"));
    }
    while records.read(&mut record)? {
        let cell = |column: usize| record.cell(column).unwrap_or_default().trim();
        let mut wrong = |column: usize, sentence: String| faults.push(record.line, column, &headers, sentence);
        let currency = cell(0).parse().map_err(|error: RateError| wrong(0, error.to_string()));
        let day = cell(1).parse().map_err(|_| wrong(1, format!("`{}` is no day: write 2026-03-01", cell(1))));
        let rate = cell(2).parse().map_err(|error: RateError| wrong(2, error.to_string()));
        if let (Ok(currency), Ok(day), Ok(rate)) = (currency, day, rate) {
            rates.insert(currency, day, rate);
        }
    }
    faults.settle()?;
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(text: &str) -> Result<Rates, String> {
        rates(&mut Cursor::new(text.as_bytes().to_vec())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_rate_holds_from_its_day() {
        let rates = read("currency,day,rate\nEUR,2026-01-01,1.0843\neur,2026-02-01,1.09\n").unwrap();
        let on = |day: &str| rates.on("EUR".parse().unwrap(), day.parse().unwrap());
        assert_eq!(on("2026-01-31"), Some("1.0843".parse().unwrap()));
        assert_eq!((on("2025-12-31"), on("2026-05-01")), (None, Some("1.09".parse().unwrap())));
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is() {
        let said = |text: &str| read(text).unwrap_err();
        assert!(said("a,b\n").starts_with("1:1: the first line must name"));
        assert!(said("currency,day,rate\nEUR,soon,1.1\n").starts_with("2:2 (day): `soon` is no day"));
        let both = said("currency,day,rate\nEURO,soon,1.1\nEUR,2026-01-01,x\n");
        assert!(both.starts_with("3 faults") && both.contains("\n  3:3 (rate): `x`"), "{both}");
        assert!(said("currency,day,rate\nEUR,2026-01-01,-1\n").starts_with("2:3 (rate): `-1` is no rate"));
    }
}
