namespace Alloc.Cli.Output;

/// <summary>How data reaches standard output.</summary>
internal enum OutputFormat
{
    /// <summary>For people: blocks and aligned columns.</summary>
    Table,

    /// <summary>One JSON document: an object, or an array of rows.</summary>
    Json,

    /// <summary>One JSON object a line.</summary>
    Jsonl,

    /// <summary>Nothing; only the exit code speaks.</summary>
    None,
}
