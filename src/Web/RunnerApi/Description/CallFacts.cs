namespace Runner.Web.RunnerApi.Description;

/// <summary>What the description of the API says of one call. The handlers read bodies by hand, as the hub's calls need it, so it cannot be told from their signatures.</summary>
/// <param name="Group">Under which heading it is shown.</param>
/// <param name="Summary">A line.</param>
/// <param name="Body">What the body holds; null for none.</param>
/// <param name="Answer">What the answer holds; null for text.</param>
/// <param name="Errors">Statuses of errors beside 401, which every call has.</param>
internal sealed record CallFacts(string Group, string Summary, Type? Body, Type? Answer, params int[] Errors)
{
    /// <summary>More than a line, in Markdown.</summary>
    public string Details { get; init; } = "";

    /// <summary>Parameters of the query: name and meaning.</summary>
    public (string Name, string Meaning)[] Query { get; init; } = [];

    /// <summary>Media type of the answer.</summary>
    public string AnswerType { get; init; } = "application/json";
}
