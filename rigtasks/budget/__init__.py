"""What runs consume and what they may still spend: integers of a millionth of a US dollar."""
