namespace Alloc.Broker.Storage;

/// <summary>What the last run may have left behind.</summary>
internal enum RecoveryMode
{
    /// <summary>The broker was stopped, or killed while the machine went on: each file is a prefix of what was written.
    /// Anything else is damage.</summary>
    SameBoot,

    /// <summary>The machine was restarted: what was not synced may have holes, and is cut at the first.</summary>
    NewBoot,
}
