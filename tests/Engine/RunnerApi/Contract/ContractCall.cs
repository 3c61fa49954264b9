namespace Runner.Tests.Engine.RunnerApi.Contract;

/// <summary>One call as the hub's client makes it, and what must come back.</summary>
/// <param name="Route">Method and path as the program maps them, below the base path.</param>
/// <param name="Path">The path to call; <c>{pod}</c> stands for the first instance that was last answered.</param>
/// <param name="Body">JSON; null for none.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Answer">See <see cref="Shape"/>; null for plain text of at least one line.</param>
internal sealed record ContractCall(string Route, string Path, string? Body, int Status, string? Answer)
{
    public HttpMethod Method => new(Route[..Route.IndexOf(' ', StringComparison.Ordinal)]);

    /// <summary>Made again and again until it is answered so, because the cluster needs time.</summary>
    public bool Waits { get; init; }

    /// <summary>How often it is made; each time the answer is the same.</summary>
    public int Times { get; init; } = 1;

    public ContractCall Twice => this with { Times = 2 };

    public ContractCall Until => this with { Waits = true };

    public override string ToString() => $"{Route}: {Path} → {Status}";
}
