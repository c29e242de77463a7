using System.Globalization;

namespace Alloc.Replay;

/// <summary>In which order the dates of a file are written.</summary>
internal enum DateForm
{
    /// <summary>The file tells: by its first date where that begins with the year, else by all of them.</summary>
    Auto,

    /// <summary><c>2010-12-01 08:26:00</c>.</summary>
    YearFirst,

    /// <summary><c>12/1/2010 8:26</c>, 1 December.</summary>
    MonthFirst,

    /// <summary><c>1-12-2010 08:26</c>, 1 December.</summary>
    DayFirst,
}

/// <summary>
/// The dates of one file, which has one form. Public copies of the retail file differ: the same moment is
/// <c>2010-12-01 08:26:00</c>, <c>12/1/2010 8:26</c> or <c>01-12-2010 08:26</c>. A month and a day that could be either
/// are told apart by the whole file; where no line tells, by the user.
/// </summary>
internal sealed class RetailDates(DateForm asked)
{
    /// <summary>The forms, for messages.</summary>
    public const string Forms = "2010-12-01 08:26:00, 12/1/2010 8:26 (month first) or 01-12-2010 08:26 (day first)";

    private static readonly string[] Separators = ["-", "/", "."];
    private static readonly string[] Betweens = [" ", "'T'"];
    private static readonly string[] Times = ["H:mm:ss", "H:mm", "h:mm:ss tt", "h:mm tt"];
    private static readonly string[] YearFirst = ["yyyy-MM-dd HH:mm:ss", .. Dates("yyyy?M?d")];
    private static readonly string[] MonthFirst = [.. Dates("M?d?yyyy"), .. Dates("M?d?yy")];
    private static readonly string[] DayFirst = [.. Dates("d?M?yyyy"), .. Dates("d?M?yy")];

    private readonly Dictionary<string, bool> seen = new(StringComparer.Ordinal);
    private (long Row, string Text)? monthFirst;
    private (long Row, string Text)? dayFirst;
    private string? either;
    private bool isEitherTheSame;

    /// <summary>The file's form; Auto while it is not known.</summary>
    public DateForm Form { get; private set; } = asked;

    /// <summary>Looks at a date of the file while its form is not known.</summary>
    public void See(long row, string text)
    {
        if (Form != DateForm.Auto || seen.ContainsKey(text))
        {
            return;
        }
        var isFirst = either is null && !isEitherTheSame && monthFirst is null && dayFirst is null;
        if (isFirst && TryRead(text, YearFirst, out _))
        {
            Form = DateForm.YearFirst;
            return;
        }
        var isMonthFirst = TryRead(text, MonthFirst, out var month);
        var isDayFirst = TryRead(text, DayFirst, out var day);
        seen.Add(text, isMonthFirst || isDayFirst);
        switch (isMonthFirst, isDayFirst)
        {
            case (true, true) when month == day:
                isEitherTheSame = true;
                break;
            case (true, true):
                either ??= text;
                break;
            case (true, false):
                monthFirst ??= (row, text);
                break;
            case (false, true):
                dayFirst ??= (row, text);
                break;
        }
    }

    /// <summary>All dates were seen.</summary>
    /// <exception cref="InvalidDataException">No line tells which form it is, or lines tell different ones.</exception>
    public void Decide()
    {
        if (Form != DateForm.Auto)
        {
            return;
        }
        Form = (monthFirst, dayFirst) switch
        {
            ({ } month, { } day) => throw new InvalidDataException(
                $"its dates have two forms: '{month.Text}' in line {month.Row} has the month first, '{day.Text}' in "
                + $"line {day.Row} the day. --date-form month-first or --date-form day-first reads those of one and "
                + "rejects the others."),
            ({ }, null) => DateForm.MonthFirst,
            (null, { }) => DateForm.DayFirst,
            _ when either is { } text => throw new InvalidDataException(
                $"its dates can be read in two ways: '{text}' is {Shown(text, MonthFirst)} or {Shown(text, DayFirst)}, "
                + "and no line tells. Say --date-form month-first or --date-form day-first."),
            _ => isEitherTheSame ? DateForm.MonthFirst : DateForm.YearFirst,
        };
    }

    /// <summary>True unless the date is none in the form that the file has, or may turn out to have.</summary>
    public bool MayBeRead(string text) => Form == DateForm.Auto
        ? seen.GetValueOrDefault(text) : TryRead(text, out _);

    /// <summary>A date in the file's form.</summary>
    public bool TryRead(string text, out DateTime at) => TryRead(
        text,
        Form switch
        {
            DateForm.MonthFirst => MonthFirst,
            DateForm.DayFirst => DayFirst,
            _ => YearFirst,
        },
        out at);

    private static bool TryRead(string text, string[] formats, out DateTime at) => DateTime.TryParseExact(
        text.Trim(), formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out at);

    private static string Shown(string text, string[] formats) => TryRead(text, formats, out var at)
        ? at.ToString("d MMMM yyyy", CultureInfo.InvariantCulture) : text;

    private static IEnumerable<string> Dates(string order) =>
        from separator in Separators
        from between in Betweens
        from time in Times
        where between == " " || order.StartsWith('y')
        select order.Replace("?", separator, StringComparison.Ordinal) + between + time;
}
