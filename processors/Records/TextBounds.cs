namespace Alloc.Processors.Records;

/// <summary>
/// The longest texts of records, in characters. Whoever reads, compares, keeps or shows what the ledger says takes
/// what the ledger took under any policy: a bound that is smaller somewhere would lose a record there.
/// </summary>
public static class TextBounds
{
    /// <summary>
    /// An id or a reference: of a pool, a reservation, a command, a movement, a source, an order, a customer, a piece
    /// of work. The most that a policy can allow (<c>limits.maximumIdLength</c>), which may allow less.
    /// </summary>
    public const int Id = 4_096;

    /// <summary>
    /// An id that nothing but this product has a use for, and what the shipped policy allows: decisions, actors, kinds
    /// and numbers by name, ids that are made here.
    /// </summary>
    public const int ShortId = 256;

    /// <summary>A name of a catalogue or a contract: a service, a class, a state of an order.</summary>
    public const int Name = 64;

    /// <summary>An outcome: <c>&lt;poolId&gt;#&lt;sequence&gt;</c>.</summary>
    public const int OutcomeId = Id + 1 + NumberLength;

    /// <summary>
    /// An id made of others: the scope of a mismatch, of which facts of a source that are missing have the longest,
    /// <c>&lt;poolId&gt;/&lt;source&gt;/&lt;from&gt;-&lt;to&gt;</c>, and what tells them apart,
    /// see <see cref="CompoundIds"/>.
    /// </summary>
    public const int CompoundId = Id + 1 + Id + 1 + NumberLength + 1 + NumberLength + CompoundIds.MostAdded;

    /// <summary>Words for people. What is longer is fitted, see <see cref="ShownText"/>; an id never is.</summary>
    public const int Words = 1_024;

    /// <summary>
    /// A command line that people may choose: it names a pool, a reservation and an order in full, or does nothing.
    /// Quoted for a shell, an id may take twice its characters.
    /// </summary>
    public const int CommandLine = 8 * Id;

    /// <summary>
    /// All texts of one record together, where it is a list: what is kept of it fits into a record, whatever a
    /// character takes.
    /// </summary>
    public const int Together = 256 * 1_024;

    /// <summary>Bytes of a record that a repair carries to be sent again.</summary>
    public const int PayloadBytes = 512 * 1_024;

    // Digits of the greatest number of 64 bits.
    private const int NumberLength = 19;
}
