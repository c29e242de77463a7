using Alloc.Processors.Catalogue;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>Severities as records name them, and their rank in lists: what wakes somebody comes first.</summary>
internal static class Severities
{
    public const string Page = "page";
    public const string Ticket = "ticket";

    /// <summary>The rank after the last one.</summary>
    public const int End = 2;

    public static string NameOf(MismatchSeverity severity) => severity == MismatchSeverity.Page ? Page : Ticket;

    public static int RankOf(string severity) => severity == Page ? 0 : 1;

    public static string NameOf(int rank) => rank == 0 ? Page : Ticket;
}
