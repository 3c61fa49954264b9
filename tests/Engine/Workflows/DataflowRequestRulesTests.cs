using Runner.Engine.Workloads.Dataflow;

namespace Runner.Tests.Engine.Workflows;

public sealed class DataflowRequestRulesTests
{
    [Theory]
    [InlineData("main", true)]
    [InlineData("DataPipeline", true)]
    [InlineData("0-a", true)]
    [InlineData("", false)]
    [InlineData("-a", false)]
    [InlineData("a_b", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    public void The_graph_may_have_any_name_that_Argo_takes(string entrypoint, bool isTaken) =>
        Assert.Equal(isTaken, !DataflowRequestRules.Check(new() { Entrypoint = entrypoint }).Exists(problem => problem.StartsWith("entrypoint is required", StringComparison.Ordinal)));
}
