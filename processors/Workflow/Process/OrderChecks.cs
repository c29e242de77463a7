using System.Globalization;
using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>What is wrong with an order or a change of one, with the field, the value and the remedy.</summary>
internal static class OrderChecks
{
    private const int LinesAtMost = 1_000;
    private const int PoolsAtMost = 8;
    private const int IdLength = 64;
    private const long UnitsAtMost = 1_000_000_000_000;

    /// <summary>Why an order cannot be placed; null: it can.</summary>
    public static string? WhyNot(OrderContent order)
    {
        if (order.CustomerRef.Length == 0)
        {
            return "customerRef is empty: say whose order it is.";
        }
        if (order.Currency is not { Length: 3 } || !order.Currency.All(char.IsAsciiLetterUpper))
        {
            return $"currency '{order.Currency}' is no currency: three capital letters, such as EUR.";
        }
        if (order.Lines.Count is < 1 or > LinesAtMost)
        {
            return $"{Show(order.Lines.Count)} lines: 1 to {Show(LinesAtMost)}.";
        }
        if (order.Lines.Select(WhyNot).FirstOrDefault(w => w is not null) is { } line)
        {
            return line;
        }
        if (order.Lines.GroupBy(l => l.LineId).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            return $"line {twice.Key} is there {Show(twice.Count())} times: each has an id of its own.";
        }
        var sum = order.Lines.Aggregate((Int128)0, (s, l) => s + ((Int128)l.Quantity * l.UnitPriceMinor));
        return sum == order.AmountMinor && sum <= UnitsAtMost
            ? null
            : $"amountMinor is {Show(order.AmountMinor)}, the lines come to "
                + $"{sum.ToString(null, CultureInfo.InvariantCulture)}: make them agree.";
    }

    /// <summary>Why a line cannot be ordered; null: it can.</summary>
    public static string? WhyNot(OrderedLine line)
    {
        var name = $"line '{line.LineId}'";
        if (line.LineId.Length is < 1 or > IdLength || !line.LineId.All(IsOfAnId))
        {
            return $"{name}: its id has 1 to {Show(IdLength)} letters, digits, '.', '_' and '-'.";
        }
        if (line.Quantity is < 1 or > UnitsAtMost)
        {
            return $"{name}: quantity is {Show(line.Quantity)}: 1 to {Show(UnitsAtMost)}.";
        }
        if (line.UnitPriceMinor is < 0 or > UnitsAtMost)
        {
            return $"{name}: unitPriceMinor is {Show(line.UnitPriceMinor)}: 0 to {Show(UnitsAtMost)}.";
        }
        if (line.Pools.Count is < 1 or > PoolsAtMost || line.Substitutes.Count > PoolsAtMost)
        {
            return $"{name}: {Show(line.Pools.Count)} pools and {Show(line.Substitutes.Count)} substitutes: 1 to "
                + $"{Show(PoolsAtMost)} pools, at most as many substitutes.";
        }
        if (line.Pools.Concat(line.Substitutes.Select(s => s.PoolId)).Any(p => p.Length == 0 || p[0] == '$'))
        {
            return $"{name}: a pool has no name, or one that begins with $: name pools that there are.";
        }
        if (line.Substitutes.FirstOrDefault(s => s.PerUnit < 1 || (Int128)s.PerUnit * line.Quantity > UnitsAtMost)
            is { } factor)
        {
            return $"{name}: substitute {factor.PoolId}: perUnit is {Show(factor.PerUnit)}: at least 1, and no more "
                + $"than {Show(UnitsAtMost)} units in all.";
        }
        return line.IfUnavailable == Unavailable.Unknown
            ? $"{name}: ifUnavailable is not known here: CancelOrder, CancelLine or Wait."
            : null;
    }

    private static bool IsOfAnId(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';

    private static string Show(long number) => number.ToString(CultureInfo.InvariantCulture);
}
