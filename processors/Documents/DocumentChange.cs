namespace Alloc.Processors.Documents;

/// <summary>What happened to a row.</summary>
public enum DocumentChangeKind
{
    /// <summary>A field has another value.</summary>
    Changed,

    /// <summary>The row is new.</summary>
    Added,

    /// <summary>The row is gone.</summary>
    Removed,

    /// <summary>The rows that both have come in another order, where the order says something.</summary>
    Reordered,
}

/// <summary>One difference between two documents of a kind.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Table">The table, or the object, by its name in the document: <c>stages</c>.</param>
/// <param name="Row">What names the row in its table; empty where it concerns the table, or an object.</param>
/// <param name="Field">The field, <c>when.currency</c> where it is one within; null where it concerns the row as a
/// whole.</param>
/// <param name="Was">What it was; null: it was not there.</param>
/// <param name="WillBe">What it will be; null: it will not be there.</param>
public sealed record DocumentChange(
    DocumentChangeKind Kind, string Table, string Row, string? Field, string? Was, string? WillBe)
{
    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        DocumentChangeKind.Changed => $"{Place}.{Field} {Was ?? "absent"} → {WillBe ?? "absent"}",
        DocumentChangeKind.Reordered => $"{Table} in the order {WillBe}",
        var kind => $"{Place} {(kind == DocumentChangeKind.Added ? "is new" : "is gone")}",
    };

    private string Place => Row.Length > 0 ? $"{Table}[{Row}]" : Table;
}
