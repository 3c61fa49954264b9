namespace Runner.Engine;

/// <summary>A failure that tells people in their own language what went wrong and what to try.</summary>
public interface IExplained
{
    /// <summary>The English text is also the exception's message. Holds no secret.</summary>
    LocalText Problem { get; }

    /// <summary>What a failure tells people; of one that speaks English alone, that.</summary>
    static LocalText Of(Exception exception) => exception is IExplained explained ? explained.Problem : LocalText.Verbatim(exception.Message);
}
