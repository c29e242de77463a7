using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Alloc.Cli.CommandLine;

/// <summary>
/// What holds for the value of every option and argument, added to the whole tree in one place so that none can forget
/// it: a value is not empty (an unset variable in a script must never mean "all"), and a number is one, in its range.
/// </summary>
internal static class ValueChecks
{
    private static readonly ConditionalWeakTable<Symbol, object> Checked = [];
    private static readonly ConditionalWeakTable<Option, Range> Ranges = [];

    /// <summary>Adds the checks to the command and to all below it. What has them already keeps them once.</summary>
    public static void AddTo(Command command)
    {
        foreach (var option in command.Options.Where(o => Checked.TryAdd(o, o)))
        {
            option.Validators.Add(
                result => Check(
                    result, option.ValueType, option is ISetting { MayBeEmpty: true },
                    Ranges.TryGetValue(option, out var range) ? range : null));
        }
        foreach (var argument in command.Arguments.Where(a => Checked.TryAdd(a, a)))
        {
            argument.Validators.Add(result => Check(result, argument.ValueType, false, null));
        }
        foreach (var below in command.Subcommands)
        {
            AddTo(below);
        }
    }

    /// <summary>Says which numbers an option takes.</summary>
    /// <param name="option">The option.</param>
    /// <param name="least">The smallest.</param>
    /// <param name="most">The largest.</param>
    /// <param name="words">What is said of others, as a whole sentence; the range itself where null.</param>
    public static TOption Within<TOption>(
        this TOption option, long least, long most = long.MaxValue, string? words = null)
        where TOption : Option
    {
        Ranges.Add(option, new Range(least, most, words));
        return option;
    }

    /// <summary>True where a value says nothing.</summary>
    public static bool IsBlank(string value, bool mayBeEmpty) =>
        string.IsNullOrWhiteSpace(value) && !(mayBeEmpty && value.Length == 0);

    /// <summary>The option or argument that a result is of, as the user writes it.</summary>
    public static string? NameOf(SymbolResult? result) => result switch
    {
        OptionResult option => option.Option.Name,
        ArgumentResult { Parent: OptionResult option } => option.Option.Name,
        ArgumentResult argument => $"<{argument.Argument.Name}>",
        _ => null,
    };

    private static void Check(SymbolResult result, Type type, bool mayBeEmpty, Range? range)
    {
        foreach (var value in result.Tokens.Select(t => t.Value))
        {
            if (IsBlank(value, mayBeEmpty))
            {
                result.AddError(value.Length == 0
                    ? "the value is empty; leave it out, or give one."
                    : "the value is blank; leave it out, or give one.");
            }
            else if (Problem(value, Nullable.GetUnderlyingType(type) ?? type, range) is { } problem)
            {
                result.AddError(problem);
            }
        }
    }

    private static string? Problem(string value, Type type, Range? range) => Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => null,
        TypeCode.Int32 => Whole(value, range ?? new Range(int.MinValue, int.MaxValue), int.MaxValue),
        TypeCode.Int64 => Whole(value, range ?? new Range(long.MinValue, long.MaxValue), long.MaxValue),
        TypeCode.Boolean => bool.TryParse(value, out _) ? null : $"'{value}' is neither true nor false.",
        _ => null,
    };

    private static string? Whole(string value, Range range, long mostOfType)
    {
        var (least, most) = (range.Least, Math.Min(range.Most, mostOfType));
        if (Int128.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number >= least && number <= most ? null : Beyond();
        }
        return IsLongNumber(value) ? Beyond() : $"'{value}' is not a whole number.";

        string Beyond() => range.Words is { } words
            ? $"'{value}' is out of range: {words}"
            : $"'{value}' is out of range; write {least} to {most}.";
    }

    // Longer than any number that is counted with.
    private static bool IsLongNumber(string value) =>
        value.AsSpan(value[0] is '-' or '+' ? 1 : 0) is { Length: > 0 } digits
        && digits.IndexOfAnyExceptInRange('0', '9') < 0;

    private sealed record Range(long Least, long Most, string? Words = null);
}
