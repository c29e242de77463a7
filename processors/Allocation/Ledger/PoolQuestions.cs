namespace Alloc.Processors.Allocation.Ledger;

/// <summary>What outcomes make worth asking of their pool.</summary>
[Flags]
internal enum PoolQuestions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Whether somebody who waits can be served.</summary>
    Room = 1,

    /// <summary>Whether promises that supply does not cover have to be ended.</summary>
    Shortage = 2,
}
