"""``python -m deepfake_dataset`` is ``dsbuild``."""

from deepfake_dataset.cli import main

if __name__ == "__main__":
    main()
