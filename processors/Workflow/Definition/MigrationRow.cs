namespace Alloc.Processors.Workflow.Definition;

/// <summary>What happens to an order under way when somebody asks that it moves to another version.</summary>
public enum MigrationRule
{
    /// <summary>It stays with the version that it began with.</summary>
    Finish,

    /// <summary>It goes on by the new version.</summary>
    Move,
}

/// <summary>What happens to orders that began under an earlier version, when it is asked for.</summary>
/// <param name="From">The version that they began under.</param>
/// <param name="To">The version of the document.</param>
/// <param name="Rule">What happens.</param>
public sealed record MigrationRow(int From, int To, MigrationRule Rule);
