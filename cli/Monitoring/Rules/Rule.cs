namespace Alloc.Cli.Monitoring.Rules;

/// <summary>How soon somebody must act.</summary>
internal enum Severity
{
    /// <summary>Nobody must act: the alert that always fires.</summary>
    None,

    /// <summary>In working hours.</summary>
    Ticket,

    /// <summary>Now: a promise is broken, or will be.</summary>
    Page,
}

/// <summary>A rule of Prometheus.</summary>
/// <param name="Expression">What is asked, in PromQL.</param>
internal abstract record Rule(string Expression);

/// <summary>Keeps the answer as a series of its own, named <c>level:metric:operations</c>.</summary>
internal sealed record RecordingRule(string Name, string Expression) : Rule(Expression)
{
    /// <summary>Labels that the series gets.</summary>
    public IReadOnlyList<(string Name, string Value)> Labels { get; init; } = [];
}

/// <summary>Fires while the answer has any series.</summary>
internal sealed record AlertRule(string Name, Severity Severity, string Expression) : Rule(Expression)
{
    /// <summary>Whose it is; null where the expression brings the label.</summary>
    public string? Owner { get; init; } = "platform";

    /// <summary>How long it must hold, in Prometheus' notation.</summary>
    public string For { get; init; } = "0s";

    /// <summary>How long it goes on firing afterwards; null: not at all.</summary>
    public string? KeepFiringFor { get; init; }

    /// <summary>What is wrong, in a few words.</summary>
    public required string Summary { get; init; }

    /// <summary>What it means, with the value in words.</summary>
    public required string Description { get; init; }

    /// <summary>The address of what to do about it, where it is not the alert's own page.</summary>
    public string? Runbook { get; init; }

    /// <summary>Which dashboard shows it: its uid, and the variables to open it with.</summary>
    public required string Dashboard { get; init; }
}

/// <summary>Rules that are asked one after another at one time.</summary>
internal sealed record RuleGroup(string Name, IReadOnlyList<Rule> Rules);
