namespace Alloc.Broker.Registry;

/// <summary>What may be changed: of the registry, or of one subject that has a mode of its own.</summary>
internal static class RegistryModes
{
    public const string ReadWrite = "READWRITE";
    public const string ReadOnly = "READONLY";

    /// <summary>As <see cref="ReadOnly"/>, and no subject's own mode counts; of the registry only.</summary>
    public const string ReadOnlyOverride = "READONLY_OVERRIDE";

    /// <summary>Schemas come with ids (and versions) of another registry and are not checked against each
    /// other.</summary>
    public const string Import = "IMPORT";

    /// <summary>A mode's name as it is kept.</summary>
    /// <exception cref="RegistryException">There is no such mode, or it needs a second registry (FORWARD).</exception>
    public static string Parse(string? mode) => mode?.ToUpperInvariant() switch
    {
        ReadWrite => ReadWrite,
        ReadOnly => ReadOnly,
        ReadOnlyOverride => ReadOnlyOverride,
        Import => Import,
        _ => throw RegistryException.InvalidMode(),
    };

    /// <summary>Refuses a change while the subject, or the registry for null, is read-only.</summary>
    public static void RequireWritable(RegistryState state, string? subject)
    {
        if (state.ModeOf(subject) is ReadOnly or ReadOnlyOverride)
        {
            throw RegistryException.NotPermitted(
                subject is null ? "The registry is in read-only mode." : $"Subject {subject} is in read-only mode.");
        }
    }

    /// <summary>Refuses a new schema that the mode does not take: with an id in import mode only, without one in no
    /// other than read-write mode.</summary>
    public static void RequireRegistration(RegistryState state, string subject, bool hasId)
    {
        RequireWritable(state, subject);
        var mode = state.ModeOf(subject);
        if (hasId && mode != Import)
        {
            throw RegistryException.NotPermitted($"Subject {subject} is not in import mode.");
        }
        if (!hasId && mode != ReadWrite)
        {
            throw RegistryException.NotPermitted($"Subject {subject} is not in read-write mode.");
        }
    }

    /// <summary>Refuses to turn import mode on where there are schemas whose ids it could contradict.</summary>
    public static void RequireImportable(RegistryState state, string? subject)
    {
        var hasVersions = subject is null
            ? state.Subjects.Values.Any(s => s.Visible(withDeleted: false).Any())
            : state.Subjects.TryGetValue(subject, out var known) && known.Visible(withDeleted: false).Any();
        if (hasVersions && state.ModeOf(subject) != Import)
        {
            throw RegistryException.NotPermitted("Cannot import since found existing subjects. Use force=true.");
        }
    }
}
