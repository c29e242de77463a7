using Alloc.Cli.CommandLine;

return await AllocCli.RunAsync(args, CliHost.OfThisProcess()).ConfigureAwait(false);
