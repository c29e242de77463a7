namespace EndToEnd.Tests;

/// <summary>
/// Tests that start processes run one after another: they share two cores, and their time-outs mean something.
/// </summary>
[CollectionDefinition("processes", DisableParallelization = true)]
public sealed class ProcessCollection;
