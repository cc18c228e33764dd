//! A small reader that walks over the numbers and words of a date, since no single
//! pattern covers what people write. It never guesses: a date that could be two days is
//! reported as such.

use chrono::{NaiveDate, NaiveTime};

use super::{Moment, Order, Proof, Unread};

/// Years a date may lie in.
const YEARS: std::ops::RangeInclusive<u32> = 1000..=9999;

/// Three numbers between separators, the year last.
struct Triple {
    first: u32,
    second: u32,
    year: u32,
    dotted: bool,
}

impl Triple {
    /// The order the numbers themselves prove.
    fn proven(&self) -> Option<Order> {
        match (self.first > 12, self.second > 12) {
            (true, false) => Some(Order::DayFirst),
            (false, true) => Some(Order::MonthFirst),
            _ => None,
        }
    }

    fn date(&self, order: Option<Order>) -> Result<NaiveDate, Unread> {
        let same_either_way = self.first == self.second || (self.first > 12 && self.second > 12);
        let by_habit = || (self.dotted || same_either_way).then_some(Order::DayFirst);
        match order.or_else(|| self.proven()).or_else(by_habit) {
            Some(Order::DayFirst) => date(self.year, self.second, self.first),
            Some(Order::MonthFirst) => date(self.year, self.first, self.second),
            None => Err(Unread::Ambiguous),
        }
    }
}

/// Reads a date and what follows it; `order` decides dates of three numbers.
pub(super) fn read(text: &str, order: Option<Order>) -> Result<Moment, Unread> {
    let mut cursor = Cursor(text);
    let date = match triple(&mut cursor)? {
        Some(triple) => triple.date(order)?,
        None => unambiguous(&mut cursor)?,
    };
    let (time, offset_seconds, leap) = time(cursor)?;
    let date = if leap { date.succ_opt().ok_or(Unread::NoSuchDay)? } else { date };
    Ok(Moment { date, time, offset_seconds })
}

/// What a text proves about the order, if it is a date of three numbers.
pub(super) fn order(text: &str) -> Option<Proof> {
    let triple = triple(&mut Cursor(text)).ok()??;
    let by_habit = || triple.dotted.then_some(Order::DayFirst);
    Some(triple.proven().or_else(by_habit).map_or(Proof::Open, Proof::Of))
}

fn date(year: u32, month: u32, day: u32) -> Result<NaiveDate, Unread> {
    if !YEARS.contains(&year) {
        return Err(Unread::NotADate);
    }
    NaiveDate::from_ymd_opt(year as i32, month, day).ok_or(Unread::NoSuchDay)
}

/// What is left of the text.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> &'a str {
        let end = self.0.bytes().position(|byte| !belongs(byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// A number of `low` to `high` digits.
    fn number(&mut self, low: usize, high: usize) -> Option<u32> {
        let digits = self.take(|byte| byte.is_ascii_digit());
        (low..=high).contains(&digits.len()).then(|| digits.parse().ok()).flatten()
    }

    fn skip(&mut self, letters: &[char]) -> bool {
        let rest = self.0.trim_start_matches(letters);
        let moved = rest.len() < self.0.len();
        self.0 = rest;
        moved
    }

    fn one_of(&mut self, letters: &[char]) -> Option<char> {
        let letter = self.0.chars().next().filter(|letter| letters.contains(letter))?;
        self.0 = &self.0[letter.len_utf8()..];
        Some(letter)
    }
}

/// `31.12.2026`, `12/31/2026`, `3-4-2026`; leaves the cursor alone at anything else.
fn triple(cursor: &mut Cursor<'_>) -> Result<Option<Triple>, Unread> {
    let mut ahead = *cursor;
    let Some(first) = ahead.number(1, 2) else { return Ok(None) };
    let Some(separator) = ahead.one_of(&['.', '/', '-']) else { return Ok(None) };
    let Some(second) = ahead.number(1, 2) else { return Ok(None) };
    if ahead.one_of(&[separator]).is_none() {
        return Ok(None);
    }
    let year = ahead.take(|byte| byte.is_ascii_digit());
    *cursor = ahead;
    match year.len() {
        2 => Err(Unread::ShortYear),
        4 => Ok(year.parse().ok().map(|year| Triple { first, second, year, dotted: separator == '.' })),
        _ => Err(Unread::NotADate),
    }
}

/// ISO, compact, and dates with a month's name.
fn unambiguous(cursor: &mut Cursor<'_>) -> Result<NaiveDate, Unread> {
    let digits = cursor.take(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<u32>().map_err(|_| Unread::NotADate);
    match digits.len() {
        8 => date(number(&digits[..4])?, number(&digits[4..6])?, number(&digits[6..])?),
        4 => {
            let separator = cursor.one_of(&['-', '/', '.']).ok_or(Unread::NotADate)?;
            let month = cursor.number(1, 2).ok_or(Unread::NotADate)?;
            cursor.one_of(&[separator]).ok_or(Unread::NotADate)?;
            let day = cursor.number(1, 2).ok_or(Unread::NotADate)?;
            date(number(digits)?, month, day)
        }
        1 | 2 => {
            cursor.skip(&[' ', '-', '.']);
            let month = month(cursor).ok_or(Unread::NotADate)?;
            cursor.skip(&[' ', '-', '.', ',']);
            let year = cursor.number(4, 4).ok_or(Unread::NotADate)?;
            date(year, month, number(digits)?)
        }
        0 => month_first(cursor),
        _ => Err(Unread::NotADate),
    }
}

/// `Dec 31, 2026`, also after a weekday.
fn month_first(cursor: &mut Cursor<'_>) -> Result<NaiveDate, Unread> {
    const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let start = *cursor;
    let word = cursor.take(|byte| byte.is_ascii_alphabetic()).to_ascii_lowercase();
    if word.get(..3).is_some_and(|word| WEEKDAYS.contains(&word)) && cursor.skip(&[',', ' ']) {
        return if cursor.0.starts_with(|letter: char| letter.is_ascii_digit()) {
            unambiguous(cursor)
        } else {
            Err(Unread::NotADate)
        };
    }
    *cursor = start;
    let month = month(cursor).ok_or(Unread::NotADate)?;
    cursor.skip(&[' ', '.']);
    let day = cursor.number(1, 2).ok_or(Unread::NotADate)?;
    if !cursor.skip(&[' ', ',']) {
        return Err(Unread::NotADate);
    }
    let year = cursor.number(4, 4).ok_or(Unread::NotADate)?;
    date(year, month, day)
}

/// An English month, in full or by its first three letters.
fn month(cursor: &mut Cursor<'_>) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = cursor.take(|byte| byte.is_ascii_alphabetic()).to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(&word))?;
    Some(index as u32 + 1)
}

/// The time and offset after a date, and whether a leap second carries into the next day.
fn time(mut cursor: Cursor<'_>) -> Result<(Option<NaiveTime>, i32, bool), Unread> {
    if cursor.0.is_empty() {
        return Ok((None, 0, false));
    }
    if !cursor.skip(&['T', 't', ' ', ',']) {
        return Err(Unread::NotADate);
    }
    let mut hour = cursor.number(1, 2).ok_or(Unread::NotADate)?;
    cursor.one_of(&[':']).ok_or(Unread::NotADate)?;
    let minute = cursor.number(2, 2).ok_or(Unread::NotADate)?;
    let (mut second, mut nanos) = (0, 0);
    if cursor.one_of(&[':']).is_some() {
        second = cursor.number(2, 2).ok_or(Unread::NotADate)?;
        if cursor.one_of(&['.', ',']).is_some() {
            nanos = fraction(&mut cursor)?;
        }
    }
    cursor.skip(&[' ']);
    if let Some(half) = cursor.one_of(&['a', 'A', 'p', 'P']) {
        cursor.one_of(&['m', 'M']).filter(|_| (1..=12).contains(&hour)).ok_or(Unread::NotADate)?;
        hour = hour % 12 + if half.eq_ignore_ascii_case(&'p') { 12 } else { 0 };
        cursor.skip(&[' ']);
    }
    let offset_seconds = offset(&mut cursor)?;
    if (hour, minute, second) == (23, 59, 60) {
        return Ok((Some(NaiveTime::MIN), offset_seconds, true));
    }
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos).ok_or(Unread::NotADate)?;
    Ok((Some(time), offset_seconds, false))
}

/// Decimals of a second, in nanoseconds; what is finer is cut off.
fn fraction(cursor: &mut Cursor<'_>) -> Result<u32, Unread> {
    let digits = cursor.take(|byte| byte.is_ascii_digit());
    let nine: String = digits.chars().chain(std::iter::repeat('0')).take(9).collect();
    if digits.is_empty() {
        return Err(Unread::NotADate);
    }
    nine.parse().map_err(|_| Unread::NotADate)
}

/// `Z`, `UTC`, `GMT`, `+02:00`, `-0530`, `+02`, or nothing, which is UTC.
fn offset(cursor: &mut Cursor<'_>) -> Result<i32, Unread> {
    let rest = cursor.0;
    if rest.is_empty() || ["Z", "UTC", "GMT"].iter().any(|zone| rest.eq_ignore_ascii_case(zone)) {
        return Ok(0);
    }
    let sign = cursor.one_of(&['+', '-']).ok_or(Unread::NotADate)?;
    let digits: String = cursor.0.chars().filter(|letter| *letter != ':').collect();
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u8>().ok()).map(i32::from);
    let (hours, minutes) = match digits.len() {
        2 => (number(Some(&digits)), Some(0)),
        4 => (number(digits.get(..2)), number(digits.get(2..))),
        _ => (None, None),
    };
    match (hours, minutes) {
        (Some(hours @ 0..=14), Some(minutes @ 0..=59)) => {
            let seconds = hours * 3600 + minutes * 60;
            Ok(if sign == '-' { -seconds } else { seconds })
        }
        _ => Err(Unread::NotADate),
    }
}
