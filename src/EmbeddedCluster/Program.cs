using Runner.EmbeddedCluster;

return await CommandLine.RunAsync(args);
