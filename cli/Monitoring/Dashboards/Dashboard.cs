namespace Alloc.Cli.Monitoring.Dashboards;

/// <summary>One page of Grafana.</summary>
/// <param name="Uid">What links name; also the file's name.</param>
/// <param name="Title">What people read.</param>
/// <param name="Description">What it answers.</param>
internal sealed record Dashboard(string Uid, string Title, string Description)
{
    /// <summary>What may be chosen: a label, and the series whose values of it are offered.</summary>
    public IReadOnlyList<(string Label, string Series)> Variables { get; init; } = [];

    /// <summary>Panels under a heading, from left to right and then down.</summary>
    public required IReadOnlyList<(string Heading, IReadOnlyList<Panel> Panels)> Rows { get; init; }
}

/// <summary>How a panel shows its numbers.</summary>
internal enum PanelKind
{
    /// <summary>Lines over time.</summary>
    Lines,

    /// <summary>One number of now.</summary>
    Number,

    /// <summary>A row for each series of now.</summary>
    Table,
}

/// <summary>A question to Prometheus.</summary>
/// <param name="Expression">In PromQL, with Grafana's variables.</param>
/// <param name="Legend">What its series are called: a text with labels, or the heading of a table's column.</param>
internal sealed record Query(string Expression, string Legend);

/// <summary>One field of a page.</summary>
/// <param name="Kind">How it shows its numbers.</param>
/// <param name="Title">What people read.</param>
/// <param name="Unit">Grafana's id of the unit.</param>
/// <param name="Queries">What it asks.</param>
internal sealed record Panel(PanelKind Kind, string Title, string Unit, params Query[] Queries)
{
    /// <summary>What the number means and when to act.</summary>
    public required string Description { get; init; }

    /// <summary>Columns of 24.</summary>
    public int Width { get; init; } = 12;

    /// <summary>Grafana's units of height.</summary>
    public int Height { get; init; } = 8;

    /// <summary>From here on it is a ticket.</summary>
    public double? TicketAt { get; init; }

    /// <summary>From here on it is a page.</summary>
    public double? PageAt { get; init; }

    /// <summary>Uid of the page that shows more of it; null: none does.</summary>
    public string? Leads { get; init; }

    /// <summary>One small number.</summary>
    public static Panel Number(string title, string unit, string expression, string description) =>
        new(PanelKind.Number, title, unit, new Query(expression, title))
        {
            Description = description,
            Width = 4,
            Height = 4,
        };

    /// <summary>Lines of one question or more.</summary>
    public static Panel Lines(
        string title, string unit, string expression, string legend, string description, params Query[] more) =>
        new(PanelKind.Lines, title, unit, [new Query(expression, legend), .. more]) { Description = description };
}
