namespace Alloc.Cli.Commands.Policies;

/// <summary>What a trial changes for whoever asked, most important first.</summary>
internal enum PolicyVerdict
{
    /// <summary>It was done, and would be rejected.</summary>
    RefusedInstead,

    /// <summary>It was rejected, and would be done.</summary>
    AcceptedInstead,

    /// <summary>Something else would be done.</summary>
    DecidedOtherwise,

    /// <summary>The same would be done with other units, another class or another life.</summary>
    OnOtherTerms,

    /// <summary>It was rejected and would be, for other reasons.</summary>
    RefusedForOtherReasons,
}

/// <summary>Tells what a change comes to.</summary>
internal static class PolicyVerdicts
{
    private const string Rejected = "Rejected";

    public static PolicyVerdict Of((string Was, string WouldBe) change) => (IsRefusal(change.Was),
        IsRefusal(change.WouldBe)) switch
    {
        _ when change.Was == change.WouldBe => PolicyVerdict.OnOtherTerms,
        (true, true) => PolicyVerdict.RefusedForOtherReasons,
        (true, false) => PolicyVerdict.AcceptedInstead,
        (false, true) => PolicyVerdict.RefusedInstead,
        _ => PolicyVerdict.DecidedOtherwise,
    };

    public static string Words(PolicyVerdict verdict) => verdict switch
    {
        PolicyVerdict.RefusedInstead => "were done and would be refused",
        PolicyVerdict.AcceptedInstead => "were refused and would be done",
        PolicyVerdict.DecidedOtherwise => "would be decided otherwise",
        PolicyVerdict.OnOtherTerms => "would be decided the same, on other terms",
        _ => "would be refused as they were, for other reasons",
    };

    private static bool IsRefusal(string kind) => kind.StartsWith(Rejected, StringComparison.Ordinal);
}
