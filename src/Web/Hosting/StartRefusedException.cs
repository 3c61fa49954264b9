namespace Runner.Web.Hosting;

/// <summary>The program cannot start as things are; the message is for whoever starts it and says what to do. Holds no secret.</summary>
public sealed class StartRefusedException(string message, Exception? inner = null) : Exception(message, inner);
