using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>The stores of a partition as they were when the group was heard last.</summary>
/// <param name="Stores">The stores; every write throws.</param>
/// <param name="Age">How long ago that was.</param>
public sealed record LastKnownStores(IStores Stores, TimeSpan Age);
