namespace Alloc.Web.Security;

/// <summary>What a caller may do; each role includes those before it.</summary>
public enum Role
{
    /// <summary>Nothing: the caller is unknown.</summary>
    None,

    /// <summary>Reads.</summary>
    Viewer,

    /// <summary>Actions that change no policy: checkpoints, commands.</summary>
    Operator,

    /// <summary>Everything.</summary>
    Admin,
}
